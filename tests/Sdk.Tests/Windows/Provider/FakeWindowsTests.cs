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
    public void Add_DeferToApp_NeedsWindows7()
    {
        var rule = Rule with { EdgeTraversal = EdgeTraversal.DeferToApp };
        Assert.That(ErrorOf(new FakeWindows(new(6, 0)), rule), Is.EqualTo(TeredoError.InvalidFirewallRule));
        Assert.That(ErrorOf(new FakeWindows(new(6, 1)), rule), Is.Null);
    }

    [Test]
    public void Add_WithoutRightsOrService_IsRefused()
    {
        var stopped = new FakeWindows();
        stopped.Services["mpssvc"] = new() { Exists = true, IsRunning = false, IsDisabled = false };
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
