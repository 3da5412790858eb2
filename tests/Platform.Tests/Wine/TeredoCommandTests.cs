using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Testing;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Tests;

namespace TeredoSdk.Platform.Tests.Wine;

/// <summary><c>teredo.exe</c> on a Windows whose parts are native fakes. What it did to them is read here, outside of that Windows.</summary>
public class TeredoCommandTests
{
    const string Name = "Größe 大小";

    static readonly string[] Provider = ["--provider", "windows", "--allow-private"];
    static readonly string App = $"Z:{WindowsHost.Teredo.Replace('/', '\\')}"; // as Wine's programs see the files of Linux
    static readonly string[] Setup = ["--app", App, "--name", Name];

    readonly Lab _lab = new();
    WindowsHost _windows = null!;
    FakeFiles _fakes = null!;

    [OneTimeSetUp]
    public async Task StartWindows()
    {
        WineInstallation.Require();
        var host = NativeFakes.AddHost(_lab);
        await _lab.StartAsync();
        _windows = await WindowsHost.StartAsync(host, NativeFakes.InstallAsync);
        _fakes = NativeFakes.FilesOf(_windows);
    }

    [OneTimeTearDown]
    public async Task RemoveLab() => await _lab.DisposeAsync();

    [Test]
    public async Task Status_TellsTheWholeReport()
    {
        _fakes.Begin("products=Brandmauer");
        var status = await RunAsync(0, ["status", "--json", .. Provider]);
        var report = JsonDocument.Parse(status.Output).RootElement;
        var windows = report.GetProperty("windows");
        Assert.That(report.GetProperty("provider").GetString(), Is.EqualTo("windows"));
        Assert.That(report.GetProperty("address").GetString(), Is.EqualTo(FakeFiles.Address));
        Assert.That(windows.GetProperty("interfaceName").GetString(), Is.EqualTo("Teredo Tunneling Pseudo-Interface"));
        Assert.That(windows.GetProperty("type").GetString(), Is.EqualTo("client"));
        Assert.That(windows.GetProperty("serverName").GetString(), Is.EqualTo("teredo.example"));
        Assert.That(windows.GetProperty("services").EnumerateObject().All(service => service.Value.GetBoolean()));
        Assert.That(windows.GetProperty("firewallHealth").GetString(), Is.EqualTo("good"));
        Assert.That(windows.GetProperty("products")[0].GetString(), Is.EqualTo("Brandmauer"));
        Assert.That(windows.GetProperty("hasDefaultBlockFilter").GetBoolean());
        Assert.That(windows.GetProperty("letsStrangersIn").GetBoolean(), Is.False);
    }

    [Test]
    public async Task Doctor_NamesTheSwitch_BeforeWhatItCauses()
    {
        _fakes.Begin("type=disabled");
        var asked = await RunAsync(1, ["doctor", "--json", "--server", "203.0.113.99", "--timeout", "1", .. Provider]);
        var findings = JsonDocument.Parse(asked.Output).RootElement.GetProperty("findings");
        Assert.That(findings[0].GetProperty("id").GetString(), Is.EqualTo("teredo.off"));
        Assert.That(findings[0].GetProperty("fix").GetProperty("command").GetString(), Is.EqualTo("netsh interface teredo set state type=enterpriseclient"));
        Assert.That(asked.Errors, Does.Contain("enterpriseclient"));
    }

    [Test]
    public async Task Status_OfAProgram_JudgesThatProgram()
    {
        _fakes.Begin();
        await RunAsync(0, ["setup", .. Setup, "--yes"]);
        Assert.That(await LetsInAsync(App), Is.True);
        Assert.That(await LetsInAsync(@"C:\Games\Game.exe"), Is.False);

        async Task<bool> LetsInAsync(string program)
        {
            var status = await RunAsync(0, ["status", "--json", "--app", program, .. Provider]);
            return JsonDocument.Parse(status.Output).RootElement.GetProperty("windows").GetProperty("letsStrangersIn").GetBoolean();
        }
    }

    // One report becomes one test: what the command wrote there, a fake Windows says here.
    [Test]
    public async Task DoctorReport_Replayed_SaysWhatThatWindowsSaid()
    {
        _fakes.Begin("products=Brandmauer");
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "machine-report.json");
        var asked = await RunAsync(null, ["doctor", "--json", "--verbose", "--report", $"Z:{file.Replace('/', '\\')}", "--probe", "--server", "203.0.113.99", "--timeout", "1", .. Provider]);
        var windows = FakeWindows.FromReport(file);
        string text = await File.ReadAllTextAsync(file);
        File.Delete(file);
        var there = JsonDocument.Parse(asked.Output).RootElement.GetProperty("report").GetProperty("windows").GetProperty("findings").EnumerateArray()
            .Select(finding => finding.GetProperty("id").GetString());
        var here = await WindowsTeredo.ReadReportAsync(windows);
        Assert.That(here.Findings.Select(finding => finding.Id), Is.EquivalentTo(there));
        Assert.That((here.State, here.Type, here.LetsStrangersIn), Is.EqualTo((TeredoClientState.Qualified, TeredoType.Client, (bool?)false)));
        Assert.That(text, Does.Contain("instance of MSFT_NetTeredoConfiguration").And.Contain("\"isRemoved\": true"));
        Assert.That(_fakes.RuleStore, Does.Not.Contain("probe"));
        int written = asked.Errors.IndexOf("The report is in", StringComparison.Ordinal), looked = asked.Errors.IndexOf("looked at a node", StringComparison.Ordinal);
        Assert.That(written, Is.InRange(0, looked), "the diagnosis wakes Teredo, and the report tells how it was before");
    }

    [Test]
    public async Task ListenAndConnect_OverTheTeredoAddress_CarryText()
    {
        _fakes.Begin();
        var listening = _windows.StartTeredo(["listen", "5001", "--echo", .. Provider]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        Assert.That($"{endPoint.Address}", Is.EqualTo(FakeFiles.Address));
        var connecting = _windows.StartTeredo(["connect", $"{endPoint}", .. Provider]);
        await connecting.Input.WriteAsync("text\n");
        connecting.Input.Close();
        Assert.That(await connecting.WaitForExitAsync(), Is.Zero, () => connecting.Transcript);
        Assert.That(connecting.Output, Is.EqualTo("text"));
        await EndAsync(listening);
    }

    [Test]
    public async Task ListenAndConnect_ByUdp_CarryDatagrams()
    {
        _fakes.Begin();
        var listening = _windows.StartTeredo(["listen", "-u", "5002", "--echo", .. Provider]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        var connecting = _windows.StartTeredo(["connect", "-u", $"{endPoint}", .. Provider]);
        await connecting.Input.WriteAsync("text\n");
        await connecting.Input.FlushAsync();
        await connecting.WaitForLineAsync("text");
        await EndAsync(connecting);
        await EndAsync(listening);
    }

    // Wine's own trace of the calls: what getsockopt says under Wine would prove nothing.
    [TestCase("listen", "5003")]
    [TestCase("listen -u", "5004")]
    public async Task ProtectionLevel_OfAListeningSocket_IsUnrestrictedBeforeBind(string command, string port)
    {
        _fakes.Begin();
        var listening = _windows.Start(WindowsHost.Teredo, [.. command.Split(' '), port, .. Provider], trace: "-all,+winsock");
        await listening.WaitForLineAsync("listening on");
        await EndAsync(listening);
        var calls = listening.Errors.Split('\n').Where(line => line.Contains("trace:winsock:", StringComparison.Ordinal)).ToList();
        int bound = calls.FindIndex(line => line.Contains("bind socket", StringComparison.Ordinal)
            && line.Contains($"port {port},", StringComparison.Ordinal));
        Assert.That(bound, Is.Positive, () => listening.Transcript);
        string socket = calls[bound].Split("socket ")[1].Split(',')[0];
        int set = calls.FindIndex(line => line.Contains($"setsockopt socket {socket}, level IPPROTO_IPV6, name 0x17,", StringComparison.Ordinal));
        Assert.That(set, Is.InRange(0, bound - 1), "IPV6_PROTECTION_LEVEL before bind");
        Assert.That(calls[set], Does.Contain("(10)"), "PROTECTION_LEVEL_UNRESTRICTED");
    }

    [Test]
    public async Task Setup_Twice_MakesNoSecondRule_AndRemoveLeavesTheStoreAsItWas()
    {
        _fakes.Begin();
        _fakes.StoreRules(["Name=Règle d'un autre", "Protocol=17", "LocalPorts=5000", "Direction=1", "Enabled=1", "Action=1", "Profiles=4"]);
        string before = _fakes.RuleStore;

        await RunAsync(0, ["setup", .. Setup, "--udp", "5000", "--yes"]);
        var rule = _fakes.Rules.Single(rule => rule.GetValueOrDefault("Grouping") == "TeredoSdk");
        Assert.That(rule["Name"], Does.Contain(Name));
        Assert.That((rule["ApplicationName"], rule["Protocol"], rule["LocalPorts"], rule["Direction"], rule["Action"], rule["Enabled"],
            rule["EdgeTraversalOptions"], rule["Profiles"]), Is.EqualTo((App, "17", "5000", "1", "1", "1", "2", "2147483647")));

        string once = _fakes.RuleStore;
        await RunAsync(0, ["setup", .. Setup, "--udp", "5000", "--yes"]);
        Assert.That(_fakes.RuleStore, Is.EqualTo(once));

        await RunAsync(0, ["remove", .. Setup, "--yes"]);
        Assert.That(_fakes.RuleStore, Is.EqualTo(before));
    }

    [TestCase("cim=there")]
    [TestCase("cim=missing")]
    public async Task Setup_OfTeredoItself_SetsTypeAndServer_AndRemoveRestoresThem(string cim)
    {
        _fakes.Begin("type=disabled", cim);
        await RunAsync(0, ["setup", .. Setup, "--enable-teredo", "--server", "other.example", "--yes"]);
        Assert.That((_fakes.Get("type"), _fakes.Get("servername")), Is.EqualTo(("enterpriseclient", "other.example")));
        await RunAsync(0, ["remove", .. Setup, "--yes"]);
        Assert.That(_fakes.Get("type"), Is.EqualTo("disabled"));
        Assert.That(_fakes.RuleStore, Is.Empty);
    }

    // The seventh type, which an older fake told as the first.
    [Test]
    public async Task Setup_OfANatAwareClient_IsGivenBack()
    {
        _fakes.Begin("type=natawareclient", "servername=old.example");
        await RunAsync(0, ["setup", .. Setup, "--enable-teredo", "--server", "other.example", "--yes"]);
        Assert.That(_fakes.Get("servername"), Is.EqualTo("other.example"));
        await RunAsync(0, ["remove", .. Setup, "--yes"]);
        Assert.That((_fakes.Get("type"), _fakes.Get("servername")), Is.EqualTo(("natawareclient", "old.example")));
    }

    [Test]
    public async Task Setup_AsADryRun_ShowsWhatItWouldDoAndDoesNothing()
    {
        _fakes.Begin("type=disabled");
        var shown = await RunAsync(0, ["setup", .. Setup, "--enable-teredo", "--dry-run"]);
        Assert.That(shown.Output, Does.Contain(Name).And.Contain("TCP").And.Contain("UDP"));
        var document = JsonDocument.Parse((await RunAsync(0, ["setup", .. Setup, "--dry-run", "--json"])).Output).RootElement;
        Assert.That(document.GetProperty("steps")[0].GetProperty("ruleAfter").GetProperty("name").GetString(), Does.StartWith(Name));
        Assert.That((_fakes.RuleStore, _fakes.Get("type")), Is.EqualTo(("", "disabled")));
    }

    [Test]
    public async Task Setup_UnaskedOrAsADryRunWithConsent_ChangesNothing()
    {
        _fakes.Begin("type=disabled");
        await RunAsync(0, ["setup", .. Setup, "--enable-teredo", "--yes", "--dry-run"]);
        var refused = await RunAsync(1, ["setup", .. Setup, "--enable-teredo"]);
        Assert.That(refused.Errors, Does.Contain("--yes"));
        Assert.That((_fakes.RuleStore, _fakes.Get("type")), Is.EqualTo(("", "disabled")));
    }

    // Wine shows a link of Linux as one of Windows, but renames what it leads to: that such a link is moved away only a real Windows can show.
    [Test]
    public async Task Records_BehindALinkUnderWine_AreNotRead()
    {
        _fakes.Begin("type=disabled");
        string folder = Path.Combine(_windows.DriveC, "ProgramData", "TeredoSdk"), elsewhere = Path.Combine(_windows.DriveC, "elsewhere");
        await RunAsync(0, ["setup", .. Setup, "--enable-teredo", "--yes"]);
        Directory.Move(folder, elsewhere);
        File.CreateSymbolicLink(folder, elsewhere);
        var plan = await RunAsync(0, ["remove", .. Setup, "--dry-run"]);
        Assert.That(plan.Errors, Does.Contain("not protected from other users").And.Contain("no record"));
        Assert.That(plan.Output, Does.Not.Contain("Set Windows' Teredo back"), "what the record says of Teredo is not believed");

        File.Delete(folder);
        Directory.Move(elsewhere, folder);
        await RunAsync(0, ["remove", .. Setup, "--yes"]);
        Assert.That(_fakes.Get("type"), Is.EqualTo("disabled"), "the same record, where it belongs");
    }

    [Test]
    public async Task Setup_OfAnAdministratorWhomWindowsRefuses_IsUndone_AndSaysSo()
    {
        _fakes.Begin("firewall=denied");
        var refused = await RunAsync(1, ["setup", .. Setup, "--yes"]);
        Assert.That(refused.Errors, Does.Contain("has an administrator's rights").And.Contain("policy").And.Contain("undone"));
        Assert.That(_fakes.RuleStore, Is.Empty);
    }

    [TestCase("a b")]
    [TestCase("\"quoted\" & calc")]
    public async Task Setup_WithAServerThatIsNone_ReachesNoCommand(string server)
    {
        _fakes.Begin("type=disabled", "cim=missing");
        await RunAsync(null, ["setup", .. Setup, "--enable-teredo", "--server", server, "--yes"]);
        Assert.That(_fakes.NetshCalls.SelectMany(call => call), Has.None.Contains(server));
        Assert.That(_fakes.Get("type"), Is.EqualTo("disabled"));
    }

    // It goes on to the program that it started; the port is free when both have ended.
    static async Task EndAsync(LabProcess listening)
    {
        listening.Send(Signal.Terminate);
        await listening.WaitForExitAsync();
    }

    // Null: any failure.
    async Task<LabProcess> RunAsync(int? code, string[] arguments)
    {
        var process = _windows.StartTeredo(arguments);
        process.Input.Close();
        int ended = await process.WaitForExitAsync();
        Assert.That(ended, code is null ? Is.Not.Zero : Is.EqualTo(code), () => process.Transcript);
        return process;
    }
}
