using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>The XP-era firewall: ports that are open for all programs stand for rules.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class XpFirewallTests
{
    readonly FirewallMachine _machine = new(FirewallMachine.Xp);

    FirewallExceptionRequest Request => _machine.RequestWith(request => request.TcpPort = 8080);

    [Test]
    public void Ensure_OpensThePortOnce()
    {
        var check = _machine.Firewall.Ensure(Request);
        _machine.Firewall.Ensure(Request);

        Assert.That(check.LetsIn, Is.True);
        Assert.That(_machine.Windows.Firewall.OpenPorts, Is.EqualTo(new OpenPort[]
        {
            new() { Name = "Chat (Teredo, TCP)", Port = 8080, Protocol = FirewallProtocol.Tcp },
        }));
        Assert.That(_machine.Windows.Actions.Count(action => action.StartsWith("OpenPort", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public void Ensure_WithAnotherPort_ClosesTheOldOne()
    {
        _machine.Firewall.Ensure(Request);

        _machine.Firewall.Ensure(_machine.RequestWith(request => request.TcpPort = 8081));

        Assert.That(_machine.Windows.Firewall.OpenPorts.Select(port => port.Port), Is.EqualTo(new[] { 8081 }));
    }

    [Test]
    public void Ensure_APortThatSomebodyElseOpened_LeavesItAloneAndSaysSo()
    {
        var other = new OpenPort { Name = "Web", Port = 8080, Protocol = FirewallProtocol.Tcp };
        _machine.Windows.Firewall.AddOpenPort(other);

        FirewallMachine.AssertError(TeredoError.InvalidFirewallRule, () => _machine.Firewall.Ensure(Request), "'Web'");
        Assert.That(_machine.Windows.Firewall.OpenPorts, Is.EqualTo(new[] { other }));
    }

    [Test]
    public void Program_WithoutPorts_CanNotBeExpressed() =>
        FirewallMachine.AssertError(TeredoError.NotSupported, () => _machine.Firewall.WantedRules(_machine.Request), "port");

    [Test]
    public void TeredoPort_BeforeTeredoIsOn_IsNotKnown() => FirewallMachine.AssertError(
        TeredoError.NotSupported, () => _machine.Firewall.WantedRules(new() { Name = "Chat", OpenTeredoPort = true }), "client port");

    [Test]
    public void RemoveOwned_ClosesThePortsOfTheSdkOnly()
    {
        var other = new OpenPort { Name = "Web", Port = 80, Protocol = FirewallProtocol.Tcp };
        _machine.Windows.Firewall.AddOpenPort(other);
        _machine.Firewall.Ensure(Request);

        Assert.That(_machine.Firewall.RemoveOwned(Request.Name, Request.ProgramPath!).Select(rule => rule.LocalPorts), Is.EqualTo(new[] { "8080" }));
        Assert.That(_machine.Windows.Firewall.OpenPorts, Is.EqualTo(new[] { other }));
    }
}
