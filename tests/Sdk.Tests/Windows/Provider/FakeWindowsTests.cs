using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>The fake Windows refuses what the real one is documented to refuse.</summary>
public sealed class FakeWindowsTests
{
    static readonly FirewallRule Rule = new() { Name = "App", ProgramPath = @"C:\App\App.exe", Protocol = FirewallProtocol.Udp, Enabled = true };

    static IEnumerable<TestCaseData> BadRules =>
    [
        new TestCaseData(Rule with { Name = "a|b" }).SetArgDisplayNames("bar in the name"),
        new TestCaseData(Rule with { Name = "ALL" }).SetArgDisplayNames("all"),
        new TestCaseData(Rule with { ProgramPath = "App.exe" }).SetArgDisplayNames("no full path"),
        new TestCaseData(Rule with { Protocol = FirewallProtocol.Any, LocalPorts = "80" }).SetArgDisplayNames("ports of any protocol"),
        new TestCaseData(Rule with { Protocol = FirewallProtocol.Tcp, LocalPorts = "Teredo" }).SetArgDisplayNames("Teredo by TCP"),
        new TestCaseData(Rule with { Direction = FirewallDirection.Out, LocalPorts = "Teredo" }).SetArgDisplayNames("Teredo outbound"),
        new TestCaseData(Rule with { LocalPorts = "80-70" }).SetArgDisplayNames("no range"),
        new TestCaseData(Rule with { Direction = FirewallDirection.Out, EdgeTraversal = EdgeTraversal.Allow }).SetArgDisplayNames("edge outbound"),
        new TestCaseData(Rule with { EdgeTraversal = EdgeTraversal.DeferToUser, LocalPorts = "80" }).SetArgDisplayNames("asking with ports"),
    ];

    [TestCaseSource(nameof(BadRules))]
    public void Add_RuleThatIsNotValid_IsRefused(FirewallRule rule) =>
        Assert.That(ErrorOf(new FakeWindows(), rule), Is.EqualTo(TeredoError.InvalidFirewallRule));

    [Test]
    public void Add_WithoutRightsOrService_IsRefused()
    {
        var stopped = new FakeWindows();
        stopped.Services["mpssvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Automatic };
        Assert.That(ErrorOf(stopped, Rule), Is.EqualTo(TeredoError.FirewallUnavailable));
        Assert.That(stopped.Firewall.ReadRules().Reason, Does.Contain("mpssvc"));
        Assert.That(ErrorOf(new FakeWindows { IsElevated = false }, Rule), Is.EqualTo(TeredoError.AccessDenied));
    }

    [Test]
    public void Add_SameNameTwice_StaysTwice_AndIsRemovedOneByOne()
    {
        var firewall = new FakeWindows().Firewall;
        firewall.Add(Rule);
        firewall.Add(Rule with { Protocol = FirewallProtocol.Tcp });
        firewall.Remove("app");
        Assert.That(firewall.Rules, Has.Count.EqualTo(1));
        firewall.Remove("other");
        Assert.That(firewall.Rules, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Netsh_ShowState_IsWhatTheParserReads()
    {
        var windows = new FakeWindows(new(6, 1));
        windows.Teredo.Configuration = new() { Type = TeredoType.Client, ServerName = "teredo.example.net" };
        windows.Teredo.Nat = "cone";
        windows.Teredo.Qualify();
        var output = (await windows.RunNetshAsync(["interface", "teredo", "show", "state"], default)).Value;
        var status = TeredoSdk.Windows.Native.Netsh.NetshTeredoState.Parse(output.Text);
        Assert.Multiple(() =>
        {
            Assert.That(status.State, Is.EqualTo(TeredoClientState.Qualified));
            Assert.That((status.Configuration.Type, status.Configuration.ServerName), Is.EqualTo((TeredoType.Client, "teredo.example.net")));
            Assert.That(status.Nat, Is.EqualTo("cone"));
            Assert.That((status.ClientType, status.Network), Is.EqualTo(("teredo client", "unmanaged")));
        });
    }

    [Test]
    public void Call_ThatIsMissing_GivesItsReason()
    {
        var windows = new FakeWindows { Missing = { ["ReadAddresses"] = "no iphlpapi", ["Firewall.ReadRules"] = "no COM" } };
        Assert.That(windows.ReadAddresses().Reason, Is.EqualTo("no iphlpapi"));
        Assert.That(windows.Firewall.ReadRules().Reason, Is.EqualTo("no COM"));
    }

    // "Implementing the Teredo Security Model": an hour without traffic. No page says that NotifyStableUnicastIpAddressTable is traffic.
    [TestCase(false, false, TeredoClientState.Dormant, TestName = "Hour_WithoutTraffic_IsDormant")]
    [TestCase(true, false, TeredoClientState.Qualified, TestName = "Hour_WithTraffic_IsQualified")]
    [TestCase(false, true, TeredoClientState.Dormant, TestName = "Hour_WithWakesOnly_IsDormant")]
    public async Task Hour(bool hasTraffic, bool wakes, TeredoClientState expected)
    {
        var time = new ManualTime();
        var windows = Client(time);
        await windows.WakeAsync(default);
        for (int minutes = 0; minutes < 90; minutes += 30)
        {
            time.Advance(TimeSpan.FromMinutes(30));
            if (hasTraffic)
                Assert.That(windows.SendTraffic(windows.Teredo.Address).IsKnown);
            if (wakes && minutes == 0) // after half an hour
                await windows.WakeAsync(default);
        }
        Assert.That(windows.ReadStatus().Value.State, Is.EqualTo(expected));
    }

    [Test]
    public void Dormant_MayBeListed_AndIsStillDormant()
    {
        var windows = Client(new());
        windows.Teredo.ListsDormantAddress = true;
        Assert.That(windows.ReadAddresses().Value.Single().Address, Is.EqualTo(windows.Teredo.Address));
        Assert.That(windows.ReadStatus().Value.State, Is.EqualTo(TeredoClientState.Dormant));
    }

    // Set-NetTeredoConfiguration names two stores; netsh writes what lasts.
    [Test]
    public async Task Restart_TakesThePersistentStore()
    {
        var windows = Client(new());
        windows.WriteConfiguration(new() { Type = TeredoType.EnterpriseClient });
        await windows.RunNetshAsync(["interface", "teredo", "set", "state", "servername=teredo.example.net"], default);
        windows.Services["iphlpsvc"] = windows.Services["iphlpsvc"] with { StartType = ServiceStartType.Demand };
        windows.WriteConfiguration(new() { Type = TeredoType.Disabled });
        Assert.That(windows.ReadConfiguration().Value.Type, Is.EqualTo(TeredoType.Disabled));
        windows.Restart();
        Assert.That(windows.ReadConfiguration().Value, Is.EqualTo(windows.Teredo.PersistentConfiguration));
        Assert.That(windows.ReadConfiguration().Value.Type, Is.EqualTo(TeredoType.EnterpriseClient), "netsh wrote what was active");
        Assert.That(windows.ReadService("iphlpsvc").Value.IsRunning, Is.False, "it starts on demand only");
    }

    [TestCase("type=client servername=a b")]
    [TestCase("type=relay")]
    [TestCase("type=nonsense")]
    [TestCase("clientport=70000")]
    [TestCase("colour=blue")]
    public async Task Netsh_Nonsense_IsRefused(string arguments)
    {
        var windows = Client(new());
        var before = windows.Teredo.Configuration;
        int split = arguments.IndexOf("servername", StringComparison.Ordinal);
        string[] words = split < 0 ? [arguments] : [arguments[..(split - 1)], arguments[split..]];
        Assert.That((await windows.RunNetshAsync(["interface", "teredo", "set", "state", .. words], default)).Value.ExitCode, Is.EqualTo(1));
        Assert.That(windows.Teredo.Configuration, Is.EqualTo(before));
    }

    // Rows as users posted them: four without rights, five with, and a sixth where the error "none" is printed.
    [TestCase(false, false, 4)]
    [TestCase(true, false, 5)]
    [TestCase(true, true, 6)]
    public async Task Netsh_Rows_AreThosePosted(bool isElevated, bool printsNoError, int rows)
    {
        var windows = Client(new());
        windows.IsElevated = isElevated;
        (windows.Netsh.PrintsNoError, windows.Netsh.Language) = (printsNoError, FakeNetshLanguage.Chinese);
        string text = (await windows.RunNetshAsync(["interface", "teredo", "show", "state"], default)).Value.Text;
        Assert.That(text.Split('\n').Count(line => line.Contains(" : ", StringComparison.Ordinal) || line.Contains(": ", StringComparison.Ordinal)), Is.EqualTo(rows));
        Assert.That(text.Contains('无', StringComparison.Ordinal), Is.EqualTo(printsNoError));
    }

    // INetFwRule: "a small time lag before the newly-added rule is applied".
    [Test]
    public void RuleLag_HidesANewRuleForSomeReads()
    {
        var firewall = new FakeWindows { Firewall = { RuleLag = 2 } }.Firewall;
        firewall.Add(Rule);
        Assert.That(firewall.ReadRules().Value, Is.Empty);
        Assert.That(firewall.ReadRule("APP").Value, Is.Null);
        Assert.That(firewall.ReadRule("APP").Value, Is.EqualTo(Rule));
        Assert.That(firewall.RuleListReads, Is.EqualTo(1));
    }

    // INetFwRule: properties of a stored rule are committed one at a time.
    [Test]
    public void Update_FailsInTheMiddle_LeavesWhatWasCommitted()
    {
        var windows = new FakeWindows();
        windows.Firewall.Add(Rule);
        windows.FailAt(3, TeredoError.AccessDenied); // the call itself, the group, the protocol
        Assert.Throws<TeredoException>(() => windows.Firewall.Update(Rule with { Grouping = "G", Protocol = FirewallProtocol.Tcp, Enabled = false }));
        Assert.That(windows.Firewall.Rules.Single(), Is.EqualTo(Rule with { Grouping = "G" }));
    }

    [Test]
    public void CrashAt_EndsEveryLaterCall_UntilTheNextRun()
    {
        var windows = new FakeWindows();
        windows.CrashAt(2);
        Assert.That(windows.ReadAddresses().IsKnown);
        Assert.Throws<SimulatedCrashException>(() => windows.ReadAddresses());
        Assert.Throws<SimulatedCrashException>(() => windows.Firewall.Add(Rule));
        windows.ClearFaults();
        Assert.That(windows.Firewall.Rules, Is.Empty);
    }

    [Test]
    public void StartService_ThatIsDisabled_IsRefused()
    {
        var windows = new FakeWindows();
        windows.Services["iphlpsvc"] = new() { Exists = true, StartType = ServiceStartType.Disabled };
        Assert.ThrowsAsync<TeredoException>(() => windows.StartServiceAsync("iphlpsvc", default));
        windows.SetServiceStart("iphlpsvc", ServiceStartType.Automatic);
        Assert.DoesNotThrowAsync(() => windows.StartServiceAsync("iphlpsvc", default));
    }

    static FakeWindows Client(ManualTime time)
    {
        var windows = new FakeWindows { TimeProvider = time };
        windows.Teredo.Configuration = new() { Type = TeredoType.Client, ServerName = "teredo.example.net" };
        return windows;
    }

    static TeredoError? ErrorOf(FakeWindows windows, FirewallRule rule)
    {
        try
        {
            windows.Firewall.Add(rule);
            return null;
        }
        catch (TeredoException e)
        {
            return e.Error;
        }
    }
}
