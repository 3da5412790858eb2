using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>Rules of an earlier request for the application that the present one does not stand for.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class UnwantedRulesTests
{
    readonly FirewallMachine _machine = new();

    FirewallExceptionRequest TcpOnly => _machine.RequestWith(request => request.TcpPort = 4242);

    [Test]
    public void Plan_ForFewerProtocols_RemovesTheOtherRuleLast()
    {
        _machine.Firewall.Ensure(_machine.Request);
        var udp = _machine.Rules[1];

        var plan = _machine.Firewall.Plan(TcpOnly);

        Assert.That(plan.Select(step => step.Kind), Is.EqualTo(new[] { FirewallChangeKind.Update, FirewallChangeKind.Remove }));
        Assert.That((plan[1].Rule, plan[1].Previous, plan[1].Surplus), Is.EqualTo((udp, udp, 0)));
        Assert.That(_machine.Rules, Has.Count.EqualTo(2));
    }

    [Test]
    public void Ensure_LeavesTheRulesOfOthersAndOfOtherApplications()
    {
        _machine.With(_machine.Other);
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.Name = "Chat two"));
        var before = _machine.Rules;
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.OpenTeredoPort = true));

        _machine.Firewall.Ensure(TcpOnly);

        Assert.That(_machine.Rules, Is.EqualTo(before.Concat(_machine.Firewall.WantedRules(TcpOnly))));
    }

    [Test]
    public void Ensure_WithDoublesOfAnUnwantedRule_RemovesAll()
    {
        var udp = _machine.Firewall.WantedRules(_machine.Request)[1];
        _machine.With(udp, udp with { LocalPorts = "1" });

        Assert.That(_machine.Firewall.Plan(TcpOnly)[^1].Surplus, Is.EqualTo(1));
        _machine.Firewall.Ensure(TcpOnly);

        Assert.That(_machine.Rules, Is.EqualTo(_machine.Firewall.WantedRules(TcpOnly)));
    }

    [Test]
    public void Ensure_OfTheTeredoPortAlone_LeavesTheRulesOfTheProgram()
    {
        _machine.Firewall.Ensure(_machine.Request);

        _machine.Firewall.Ensure(new() { Name = "Chat", OpenTeredoPort = true });

        Assert.That(_machine.Rules, Has.Count.EqualTo(3));
    }

    [Test]
    public void Plan_WithSomebodyElsesRuleOfAnUnwantedName_SaysSo()
    {
        _machine.Firewall.Ensure(_machine.Request);
        _machine.With(_machine.Other with { Name = "Chat (Teredo, UDP)" });

        FirewallMachine.AssertError(TeredoError.InvalidFirewallRule, () => _machine.Firewall.Plan(TcpOnly), "belongs to another program");
    }

    [Test]
    public void Plan_WithSomebodyElsesRuleOfANameThatIsNotNeeded_IsNotItsBusiness()
    {
        _machine.With(_machine.Other with { Name = "Chat (Teredo, UDP)" });

        Assert.That(_machine.Firewall.Plan(TcpOnly).Single().Kind, Is.EqualTo(FirewallChangeKind.Add));
    }

    [Test]
    public void Ensure_WhereARuleCanNotBeRemoved_SaysSo()
    {
        _machine.Firewall.Ensure(_machine.Request);
        var forgetful = new ForgetfulFirewall(_machine.Windows.Firewall, rule => rule) { KeepsRemoved = true };
        var firewall = new TeredoFirewall(new OtherFirewall(_machine.Windows, forgetful), new HurriedTime());

        FirewallMachine.AssertError(TeredoError.SetupFailed, () => firewall.Ensure(TcpOnly), "'Chat (Teredo, UDP)'", "still exists");
    }
}
