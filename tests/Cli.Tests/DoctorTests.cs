using System.Text.Json;
using System.Xml.Linq;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo doctor</c>, with servers on loopback addresses.</summary>
public sealed class DoctorTests
{
    [Test]
    public async Task Sound_WithJson_IsReportAndFindings_AndSucceeds()
    {
        using var lab = await Loopback.StartAsync(stranger: true);
        var result = await lab.RunAsync("doctor", "--reflect", "--json", "--sockets", "in-process");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(result.Document.EnumerateObject().Select(part => part.Name), Is.EqualTo(new[] { "report", "findings" }));
            Assert.That(result.Document.GetProperty("report").GetProperty("state").GetString(), Is.EqualTo("qualified"));
            Assert.That(result.Document.GetProperty("report").GetProperty("reachability").GetString(), Is.EqualTo("yes"));
            Assert.That(OfTeredo(result.Document), Is.Empty);
        });
    }

    [Test]
    public async Task SilentServer_IsTheCause_AndFails()
    {
        using var lab = Loopback.WithoutServer();
        var result = await HereCommand.RunAsync("doctor", "--server", $"{lab.Silent}", "--allow-private", "--timeout", "1", "--json");
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(OfTeredo(result.Document), Is.EqualTo(new[] { "server.silent" }), "the node's own failure is the symptom");
        Assert.That(result.Document.GetProperty("report").GetProperty("reachability").GetString(), Is.EqualTo("no"));
        Assert.That(result.Sentence, Does.Contain($"{lab.Silent}"));
    }

    [TestCase("--probe", "--report FILE, which is missing")]
    [TestCase("--no-redact", "--report FILE, which is missing")]
    [TestCase("--report machine.json", "is not Windows")]
    public async Task Report_WhereThereIsNone_IsOneSentence(string options, string sentence)
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("This is Windows.");
        var result = await HereCommand.RunAsync(["doctor", .. options.Split(' ')]);
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Sentence, Does.Contain(sentence));
        Assert.That(File.Exists("machine.json"), Is.False);
    }

    [Test]
    public async Task Text_SaysWhatWasReadAndWhatHelps()
    {
        using var lab = Loopback.WithoutServer();
        var result = await HereCommand.RunAsync("doctor", "--server", $"{lab.Silent}", "--allow-private", "--timeout", "1");
        Assert.That(result.Text, Does.Contain("address     none").And.Contain("  read      ").And.Contain("  fix       Allow UDP to port 3544"));
    }

    [Test]
    public async Task Peer_ThatCanNotBeReached_IsAnError()
    {
        using var lab = await Loopback.StartAsync();
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "doctor-peer.json");
        await File.WriteAllTextAsync(file, """
            { "report": { "provider": "embedded", "state": "offline", "reachability": "no", "mapping": "notChecked", "filtering": "notChecked",
              "portMapping": "notAsked", "nativeIPv6": "beside", "hasNativeIPv6": false }, "findings": [] }
            """);
        var result = await lab.RunAsync("doctor", "--json", "--sockets", "in-process", "--peer", file);
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(OfTeredo(result.Document), Is.EqualTo(new[] { "peer.does-not-connect", "peer.does-not-connect" }), "in both directions");
    }

    [Test]
    public async Task Html_IsOnePage_WithAPlaceForEachPartOfThePath_AndNothingToLoad()
    {
        using var lab = Loopback.WithoutServer();
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "doctor.html");
        await HereCommand.RunAsync("doctor", "--server", $"{lab.Silent}", "--allow-private", "--timeout", "1", "--html", file);
        string page = await File.ReadAllTextAsync(file);
        var pictures = page.Split("<svg").Skip(1).Select(part => XElement.Parse("<svg" + part[..(part.IndexOf("</svg>", StringComparison.Ordinal) + 6)])).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(pictures, Has.Length.EqualTo(2), "wide and tall");
            foreach (var picture in pictures)
                Assert.That(picture.Elements("g").Select(place => $"{place.Element("text")!.Value} {place.Attribute("class")!.Value}"),
                    Is.EqualTo(new[] { "Application unknown", "NAT unknown", "Server broken", "Peer unknown" }));
            Assert.That(page, Does.Contain("prefers-color-scheme: dark").And.Contain("server.silent").And.Contain("width=device-width"));
            Assert.That(page, Does.Not.Contain("http").And.Not.Contain("<script").And.Not.Contain("<img"));
        });
    }

    [Test]
    public void Html_OfNamesWithMarkup_ShowsThemAsText()
    {
        var diagnosis = new TeredoDiagnosis
        {
            Report = StatusTests.EmptyReport,
            Findings = [new() { Id = "server.silent", Severity = FindingSeverity.Error, Subject = "<b>&", Problem = "<script>", Evidence = ["<i>"] }],
        };
        Assert.That(DoctorPage.Of(diagnosis, new()), Does.Contain("&lt;b&gt;&amp;").And.Contain("&lt;i&gt;").And.Not.Contain("<script").And.Not.Contain("<i>"));
    }

    [TestCase(false, true, "")]
    [TestCase(true, true, " (needs an administrator)")]
    [TestCase(true, false, " (needs an administrator; can't be taken back)")]
    [TestCase(false, false, " (can't be taken back)")]
    public void Fix_SaysWhatItNeeds(bool needsAdministrator, bool isReversible, string words) =>
        Assert.That(DoctorText.Conditions(new() { Sentence = "Do this.", NeedsAdministrator = needsAdministrator, IsReversible = isReversible }), Is.EqualTo(words));

    [Test]
    public async Task Progress_IsALineForEachQuestion()
    {
        using var lab = await Loopback.StartAsync();
        var result = await lab.RunAsync("doctor", "--sockets", "in-process", "--verbose");
        Assert.That(result.ErrorLines, Has.One.EqualTo("looked at the Teredo servers").And.One.EqualTo("looked at a node of this machine"));
        var unwatched = await CommandProcess.RunAsync(lab.Command("doctor", "--sockets", "in-process"));
        Assert.That(unwatched.Text, Does.StartWith("address     2001:"));
        Assert.That(unwatched.ErrorLines, Has.None.StartsWith("looked at"), "nobody is at a terminal");
    }

    [Test]
    [Platform("Linux")]
    public async Task CtrlC_EndsIt_WhateverIsStillSilent()
    {
        using var lab = Loopback.WithoutServer();
        using var doctor = CommandProcess.Start("doctor", "--server", $"{lab.Silent}", "--allow-private", "--json", "--verbose");
        await doctor.LineAsync("looked at ");
        doctor.Interrupt();
        var result = await doctor.ExitAsync();
        Assert.That(result.ExitCode, Is.EqualTo(130), result.ToString());
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("interrupted"), "no diagnosis, which takes 13 s here");
    }

    [Test]
    public async Task Html_ThatCanNotBeWritten_IsABadArgument()
    {
        using var lab = await Loopback.StartAsync();
        var result = await lab.RunAsync("doctor", "--sockets", "in-process", "--html", "/nonexistent/page.html");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Sentence, Does.Contain("/nonexistent/page.html"));
    }

    // What the machine that runs the tests lacks is not asked here.
    static IEnumerable<string> OfTeredo(JsonElement document) => document.GetProperty("findings").EnumerateArray()
        .Select(finding => finding.GetProperty("id").GetString()!).Where(id => id.Split('.')[0] is "server" or "nat" or "peer" or "reachability" or "error");
}
