using System.Text.RegularExpressions;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo setup</c> and <c>teredo remove</c> where there is nothing to set up, and their arguments.</summary>
public sealed class SetupTests
{
    static readonly string[] Application = ["--app", @"C:\chat.exe", "--name", "Chat"];

    [OneTimeSetUp]
    public void RequireAnotherSystem()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("On Windows there is something to set up.");
    }

    [TestCase("setup")]
    [TestCase("setup", "--yes")]
    [TestCase("setup", "--dry-run", "--yes", "--tcp", "4242", "--udp", "4242", "--edge", "defer-to-app", "--enable-teredo", "--server", "192.0.2.1")]
    [TestCase("setup", "--edge", "allow")]
    [TestCase("setup", "--edge", "none")]
    [TestCase("remove")]
    [TestCase("remove", "--yes", "--tcp", "4242")]
    public async Task NotOnWindows_ThereIsNothingToSetUp(params string[] line)
    {
        var result = await HereCommand.RunAsync([.. line, .. Application]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Sentence, Does.Contain("nothing to set up"));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("setup")]
    [TestCase("remove")]
    public async Task NotOnWindows_WithJson_ThePlanIsEmpty(string command)
    {
        var result = await HereCommand.RunAsync([command, .. Application, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(result.Document.GetProperty("steps").GetArrayLength(), Is.Zero);
            Assert.That(result.Document.GetProperty("findings")[0].GetProperty("sentence").GetString(), Is.EqualTo(result.Sentence));
            Assert.That(result.Document.GetProperty("needsElevation").GetBoolean(), Is.False);
            Assert.That(result.Document.GetProperty("elevatedCommand").GetString(), Does.StartWith($"teredo {command} --app"));
        });
    }

    [Test]
    public async Task DryRun_BeatsYes()
    {
        var result = await HereCommand.RunAsync(["setup", .. Application, "--json", "--yes", "--dry-run"]);
        Assert.That(result.Document.GetProperty("applied").GetBoolean(), Is.False);
    }

    [TestCase("Chat")]
    [TestCase("My \"Chat\" & calc")]
    [TestCase("100 %PATH% = $(calc) `x` \u201cy\u201d 聊天 😀\\")]
    public async Task ElevatedCommand_TakenApart_IsTheSameSetup(string name)
    {
        string first = await ElevatedCommandAsync("remove", "--app", @"C:\chat.exe", "--name", name);
        // Its values hold no quotation mark: they are those between the marks.
        string[] line = [.. Regex.Matches(first, "\"([^\"]*)\"|[^ ]+").Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Value)];
        Assert.That(line[0], Is.EqualTo("teredo"));
        Assert.That(await ElevatedCommandAsync(line[1..]), Is.EqualTo(first));
        Assert.That(line.Contains("--escaped") ? line[1..].Length : 0, name == "Chat" ? Is.Zero : Is.EqualTo(7));
        var plan = await HereCommand.RunAsync([.. line[1..]]);
        Assert.That(plan.Sentence, Does.Contain($"'{name}'"), "the name is what it was");
    }

    static async Task<string> ElevatedCommandAsync(params string[] line)
    {
        var result = await HereCommand.RunAsync([.. line, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        return result.Document.GetProperty("elevatedCommand").GetString()!;
    }

    [TestCase("--name is 'a=b'", "setup", "--app", "x", "--name", "a=b", "--escaped")]
    [TestCase("--name is 'a=004'", "setup", "--app", "x", "--name", "a=004", "--escaped")]
    [TestCase("--app is ' '", "setup", "--app", " ", "--name", "x")]
    [TestCase("--app is '=00G0'", "remove", "--app", "=00G0", "--name", "x", "--escaped")]
    [TestCase("Option '--app' is required.", "setup", "--name", "x")]
    [TestCase("Option '--name' is required.", "setup", "--app", "x")]
    [TestCase("Option '--name' is required.", "remove", "--app", "x")]
    [TestCase("--name is 'a|b'", "setup", "--app", "x", "--name", "a|b")]
    [TestCase("--app is ''", "setup", "--app", "", "--name", "x")]
    [TestCase("--tcp", "setup", "--app", "x", "--name", "x", "--tcp", "0")]
    [TestCase("--udp", "setup", "--app", "x", "--name", "x", "--udp", "65536")]
    [TestCase("defer-to-app or allow or none", "setup", "--app", "x", "--name", "x", "--edge", "yes")]
    [TestCase("--server is 'a b'", "setup", "--app", "x", "--name", "x", "--enable-teredo", "--server", "a b")]
    [TestCase("--server is '\"x\"'", "setup", "--app", "x", "--name", "x", "--enable-teredo", "--server", "\"x\"")]
    [TestCase("expected --enable-teredo to be set as well", "setup", "--app", "x", "--name", "x", "--server", "192.0.2.1")]
    public async Task BadArguments_AreNamed(string named, params string[] line)
    {
        var result = await HereCommand.RunAsync(line);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Sentence, Does.Contain(named).And.EndsWith("."));
        Assert.That(result.Output, Is.Empty);
    }
}
