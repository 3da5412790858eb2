using System.Collections;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using TeredoSdk.Architecture.Tests;
using TeredoSdk.Cli.Json;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Tests;

/// <summary>What a user, a script or an installer sees of each command, held as reviewed text in the folder Reviewed: help, exit codes and JSON documents.</summary>
/// <remarks>
/// <c>TEREDOSDK_ACCEPT=1 dotnet test tests/Cli.Tests --filter ReviewedCommandTests</c> writes the files anew; the difference is then for review. The values
/// in the documents are made up; nothing is of the machine that runs the tests.
/// </remarks>
public sealed class ReviewedCommandTests
{
    const string Address = "2001:0:cb00:7178:0:efff:3fff:fdfe";

    static readonly string Folder = Path.Combine(RepositoryRoot.Path, "tests", "Cli.Tests", "Reviewed");

    /// <summary>Command lines that need no network, and end alike on every machine.</summary>
    static readonly Dictionary<string, string[]> Lines = new()
    {
        ["teredo"] = ["", "frobnicate", "--version"],
        ["decode"] = [$"decode {Address}", "decode", "decode nonsense"],
        ["status"] = ["status --refresh 1", "status --provider miredo", "status --peer none.json"],
        ["doctor"] = ["doctor --peer none.json", "doctor --probe", "doctor --no-redact"],
        ["setup"] =
        [
            "setup --app C:\\chat.exe --name Chat --dry-run", "setup --app C:\\chat.exe --name Chat", "setup --app C:\\chat.exe --name Chat --yes",
            "setup --app C:\\chat.exe --name Chat --yes --no-elevate (without rights)", "setup --app C:\\chat.exe --name Chat --yes (prompt refused)",
            "setup --app C:\\chat.exe --name Chat --yes (policy overrides)", "setup --app C:\\chat.exe --name Chat --yes --installer (policy overrides)",
            "setup --name Chat", "setup --app x --name a|b",
        ],
        ["remove"] = ["remove --app C:\\chat.exe --name Chat --yes", "remove --name Chat"],
        ["listen"] = ["listen", "listen 65536", "listen -u 1 --linger -0.1"],
        ["connect"] = ["connect", "connect peer.example", "connect [::1]:0"],
        ["forward"] =
        [
            "forward", "forward 80", "forward 65536 127.0.0.1:80", "forward 80 127.0.0.1", "forward --to [::1]:80", "forward --to [::1]:80 80 127.0.0.1:80",
            "forward --to [::1]:80 80 --proxy", "forward 80 127.0.0.1:80 --idle 0.5", "forward --file none.txt",
        ],
        ["ping"] = ["ping", "ping 1:2", "ping ::1 -c 0"],
        ["client"] = ["client --native-ipv6 never", "client --refresh 1000001"],
        ["server"] = ["server", "server --address 127.0.0.1 --port 65536 --allow-private", "server --address 127.0.0.1 --secondary-address 127.0.0.1 --allow-private"],
        ["relay"] = ["relay", "relay --address 192.0.2.1 --prefix 2001:db8::/32"],
    };

    static readonly IPEndPoint Here = IPEndPoint.Parse($"[{Address}]:4242"), There = IPEndPoint.Parse("[2001:db8::1]:5000");

    static readonly RelayDocument Relay = new("teredo-relay", true, ["2001:db8::1/128"], IPEndPoint.Parse("192.0.2.1:3545"), "The route is missing.");

    /// <summary>A document of each type, with a value in every member that can have one.</summary>
    static readonly (string[] Commands, object Document)[] Documents =
    [
        (["teredo"], new FailureDocument("badArguments", "It isn't <ASCII> \u201calone\u201d.")),
        (["decode"], new DecodeDocument(IPAddress.Parse(Address), "2001::/32", "current", IPAddress.Parse("192.0.2.1"), "8000", true, IPEndPoint.Parse("192.0.2.3:4"), false)),
        (["status"], ReportTableTests.Most),
        (["status"], new StatusFailureDocument("teredoDisabled", "A sentence.", ReportTableTests.KnownWindows)),
        (["status"], new PairDocument(StatusTests.EmptyReport, ConnectionForecast.Of(ReportTableTests.Most, StatusTests.EmptyReport),
            ConnectionForecast.Of(StatusTests.EmptyReport, ReportTableTests.Most))),
        (["doctor"], new DoctorDocument(StatusTests.EmptyReport, [Finding])),
        (["setup", "remove"], new ServicePlanDocument(true, false, true, "sudo /usr/local/lib/teredo/teredo setup --service server --yes",
            [new() { Sentence = "Write the unit.", IsSatisfied = false }], [Finding])),
        (["listen", "connect"], new ConversationDocument("tcp", Here, There, 1000, 2000)),
        (["listen"], new EchoDocument("udp", Here, 2, 1000, 1000)),
        (["forward"], new ForwardsDocument([new("tcp", Here, "127.0.0.1:80", 7, 1, 2, 3, 1000, 2000, 4)])),
        (["ping"], new PingDocument(IPAddress.Parse(Address), 2, 1, 50, 10.5, 10.5, 10.5,
            [new(1, "reply", 10.5, null), new(2, "timeout", null, "A sentence.")], "A sentence.")),
        (["server"], new ServerDocument(IPEndPoint.Parse("192.0.2.1:3544"), IPEndPoint.Parse("192.0.2.2:3544"), IPEndPoint.Parse("192.0.2.3:3544"), true, false)),
        (["client"], new ClientDocument("teredo", StatusTests.EmptyReport, Relay)),
        (["relay"], Relay),
    ];

    static Finding Finding => new()
    {
        Id = "teredo.off",
        Severity = FindingSeverity.Error,
        Subject = "Teredo",
        Problem = "What is wrong.",
        Evidence = ["What was read."],
        SetBy = "group policy",
        Fix = new() { Sentence = "What to do.", Command = "teredo setup", NeedsAdministrator = true },
        Error = TeredoError.TeredoDisabled,
    };

    static IEnumerable<string> Commands => EntryPoint.Parse([]).RootCommandResult.Command.Subcommands.Select(command => command.Name).Prepend("teredo");

    [TestCaseSource(nameof(Commands))]
    public async Task Command_IsTheReviewedOne(string command)
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("The setup of this machine's Windows is not a fixed one.");
        var text = new StringBuilder($"{await HelpAsync(command)}\n\nEXIT CODES (with --json: error; last line on stderr)\n");
        foreach (string line in Lines.GetValueOrDefault(command, []))
            text.Append('\n').Append(await EndAsync(line)).Append('\n');
        text.Append("\nJSON (--json)\n");
        foreach (object document in Documents.Where(one => one.Commands.Contains(command)).Select(one => one.Document))
            text.Append($"\n{document.GetType().Name}\n{JsonSerializer.Serialize(document, document.GetType(), CliJson.ForPeople)}\n");
        if (command == "setup")
            text.Append($"\nPlanDocument\n{await PlanAsync()}\n");
        if (command == "doctor")
            text.Append($"\nTEXT\n\n{string.Join('\n', DoctorText.Lines(Diagnosis))}\n\nPAGE (--html)\n\n{Page()}\n");
        Compare(Path.Combine(Folder, $"{command}.txt"), text.ToString().ReplaceLineEndings("\n"));
    }

    [Test]
    public void NoCommandAndNoDocument_IsMissing()
    {
        Assert.That(Lines.Keys, Is.EquivalentTo(Commands), "each command has lines that end");
        Assert.That(Documents.SelectMany(one => one.Commands).Append("setup").Distinct(), Is.EquivalentTo(Commands), "each command has a document");
        Assert.That(Directory.GetFiles(Folder).Select(Path.GetFileNameWithoutExtension), Is.EquivalentTo(Commands), "no file is left of a command that is gone");
        var written = typeof(CliJson).GetCustomAttributesData().Where(data => data.AttributeType == typeof(JsonSerializableAttribute))
            .Select(data => ((Type)data.ConstructorArguments[0].Value!).Name);
        Assert.That(Documents.Select(one => one.Document.GetType().Name).Append("PlanDocument").Distinct(), Is.EquivalentTo(written), "each type of a document is shown");
    }

    [Test]
    public void MadeUpDocuments_LeaveNothingOut()
    {
        foreach (object document in Documents.Select(one => one.Document).Where(document => document is not (TeredoReport or StatusFailureDocument)))
            Assert.That(document.GetType().GetProperties().Where(property => property.GetIndexParameters().Length == 0
                && (property.GetValue(document) is null or ICollection { Count: 0 })).Select(property => property.Name), Is.Empty, document.GetType().Name);
    }

    static async Task<string> HelpAsync(string command)
    {
        var result = await HereCommand.RunAsync(command == "teredo" ? ["--help"] : [command, "--help"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        // The name of the program is that of the tests' here; one option ends with the number of the version.
        string own = Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);
        return result.Text.Replace(own, "teredo", StringComparison.Ordinal).TrimEnd();
    }

    static async Task<string> EndAsync(string line)
    {
        string condition = line.Contains(" (", StringComparison.Ordinal) ? line[line.IndexOf(" (", StringComparison.Ordinal)..] : "";
        string[] arguments = [.. line[..^condition.Length].Split(' ', StringSplitOptions.RemoveEmptyEntries), "--json"];
        if (arguments is not ["setup" or "remove", "--app", @"C:\chat.exe", ..])
            return Describe(line, await HereCommand.RunAsync(arguments));
        using var setup = new SetupOnFake(arguments[2]);
        setup.Windows.IsElevated = condition is "" or " (policy overrides)";
        if (condition == " (policy overrides)")
            setup.Windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride;
        if (condition == " (prompt refused)")
            setup.FindElevation = () => new("Do this?", null, (_, _) => throw new TeredoException(TeredoError.ConsentRefused, "The prompt was refused; nothing was changed."));
        return Describe(line, await setup.RunAsync(arguments[0], null, arguments[1..]));
    }

    static string Describe(string line, Result result)
    {
        string error = result.Output.Length > 0 && result.Text.StartsWith('{') && result.Document.TryGetProperty("error", out var name) ? $" {name.GetString()}" : "";
        return $"teredo {line}\n  {result.ExitCode}{error}{(result.ErrorLines.Count > 0 ? $"\n  {result.Sentence.Replace(Environment.CurrentDirectory + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)}" : "")}";
    }

    static TeredoDiagnosis Diagnosis => new()
    {
        Report = ReportTableTests.Most with { Mapping = MappingBehaviour.EndpointIndependent, NatName = "restricted", Reachability = Reachability.No },
        Findings =
        [
            Finding,
            new() { Id = FindingIds.NatSymmetric, Severity = FindingSeverity.Warning, Subject = "NAT", Problem = "It has no evidence.", Fix = new() { Sentence = "Do <this>." } },
            Finding with { Id = FindingIds.ReachabilityNone, Severity = FindingSeverity.Warning, SetBy = null, Fix = null },
        ],
    };

    // What a person sees: between the style, which has a test of its own, and the time.
    static string Page()
    {
        string page = DoctorPage.Of(Diagnosis, new() { Peer = ReportTableTests.Most });
        return page[page.IndexOf("<body>", StringComparison.Ordinal)..page.IndexOf("<p class=\"soft\">Written by", StringComparison.Ordinal)].TrimEnd();
    }

    static async Task<string> PlanAsync()
    {
        using var setup = new SetupOnFake(@"C:\chat.exe");
        setup.Windows.Teredo.Configuration = new() { Type = TeredoType.Disabled };
        return (await setup.RunAsync("setup", null, "--app", @"C:\chat.exe", "--name", "Chat", "--tcp", "4242", "--enable-teredo", "--yes", "--json")).Text.TrimEnd();
    }

    static void Compare(string path, string actual)
    {
        if (Environment.GetEnvironmentVariable("TEREDOSDK_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(path, actual);
        }
        Assert.That(actual, Is.EqualTo(File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : ""),
            "When the change is meant: TEREDOSDK_ACCEPT=1 dotnet test tests/Cli.Tests --filter ReviewedCommandTests");
    }
}
