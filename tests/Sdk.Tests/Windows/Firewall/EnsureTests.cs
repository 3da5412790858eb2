using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class EnsureTests
{
    readonly FirewallMachine _machine = new();

    [Test]
    public void Ensure_OnAnEmptyFirewall_MakesTheWantedRulesAndTheyAreInForce()
    {
        var check = _machine.Firewall.Ensure(_machine.Request);

        Assert.That(_machine.Rules, Is.EqualTo(_machine.Firewall.WantedRules(_machine.Request)));
        Assert.That((check.LetsIn, check.Finding?.Error, check.Finding?.Sentence), Is.EqualTo((true, (TeredoError?)null, (string?)null)));
        Assert.That(check.Rules, Is.EquivalentTo(_machine.Rules));
    }

    [Test]
    public void Ensure_ASecondTime_WritesNothing()
    {
        _machine.Firewall.Ensure(_machine.Request);
        int actions = _machine.Windows.Actions.Count;

        _machine.Firewall.Ensure(_machine.RequestWith(request => request.ProgramPath = FirewallMachine.Program.ToUpperInvariant()));

        Assert.That(_machine.Windows.Actions, Has.Count.EqualTo(actions));
    }

    [Test]
    public void Plan_ChangesNothing_AndShowsWhatThereIs()
    {
        var disabled = _machine.Firewall.WantedRules(_machine.Request)[1] with { Enabled = false };
        _machine.With(disabled);

        var plan = _machine.Firewall.Plan(_machine.Request);

        Assert.That(plan.Select(step => (step.Kind, step.Previous)), Is.EqualTo(new[]
        {
            (FirewallChangeKind.Add, (FirewallRule?)null), (FirewallChangeKind.Update, disabled),
        }));
        Assert.That(_machine.Rules, Is.EqualTo(new[] { disabled }));
    }

    [Test]
    public void Ensure_WithAnotherPort_ChangesTheRuleInPlace()
    {
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.TcpPort = 80));

        _machine.Firewall.Ensure(_machine.RequestWith(request => request.TcpPort = 81));

        Assert.That(_machine.Rules.Select(rule => rule.LocalPorts), Is.EqualTo(new[] { "81" }));
        Assert.That(_machine.Windows.Actions, Does.Contain("UpdateRule Chat (Teredo, TCP)"));
    }

    [Test]
    public void Ensure_WithTwoRulesOfOneName_KeepsOne([Values] bool removesAll)
    {
        _machine.Windows.Firewall.RemovesAllOfAName = removesAll;
        var wanted = _machine.Firewall.WantedRules(_machine.RequestWith(request => request.TcpPort = 80)).Single();
        _machine.With(wanted, wanted with { LocalPorts = "1" }, wanted with { Name = "chat (teredo, tcp)" });

        Assert.That(_machine.Firewall.Plan(_machine.RequestWith(request => request.TcpPort = 80)).Single().Surplus, Is.EqualTo(2));
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.TcpPort = 80));

        Assert.That(_machine.Rules, Is.EqualTo(new[] { wanted }));
    }

    [TestCase("Games", "'Games'")]
    [TestCase(null, "without a group")]
    public void Ensure_WithSomebodyElsesRuleOfThatName_LeavesItAloneAndSaysSo(string? group, string word)
    {
        var other = _machine.Other with { Name = "Chat (Teredo, TCP)", Grouping = group };
        _machine.With(other);

        FirewallMachine.AssertError(TeredoError.InvalidFirewallRule, () => _machine.Firewall.Ensure(_machine.Request), word);
        Assert.That(_machine.Rules, Is.EqualTo(new[] { other }));
    }

    [Test]
    public void Ensure_WithoutRights_GivesTheCommand()
    {
        _machine.Windows.IsElevated = false;

        FirewallMachine.AssertError(TeredoError.AccessDenied,
            () => _machine.Firewall.Ensure(_machine.RequestWith(request => (request.UdpPort, request.EdgeTraversal) = (5, EdgeTraversal.Allow))),
            @"`netsh advfirewall firewall add rule name=""Chat"" dir=in action=allow program=""C:\Program Files\Chat\Chat.exe"" protocol=UDP localport=5 edge=yes`");
    }

    [Test]
    public void Ensure_WithoutRightsButNothingToDo_Succeeds()
    {
        _machine.Firewall.Ensure(_machine.Request);
        _machine.Windows.IsElevated = false;

        Assert.That(_machine.Firewall.Ensure(_machine.Request).LetsIn, Is.True);
    }

    [Test]
    public void Ensure_WithTheServiceOff_SaysSo()
    {
        _machine.Windows.Services["mpssvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Automatic };

        FirewallMachine.AssertError(TeredoError.FirewallUnavailable, () => _machine.Firewall.Ensure(_machine.Request), "mpssvc");
    }

    [Test]
    public void Ensure_WithAFirewallThatForgets_Fails()
    {
        var forgetful = new ForgetfulFirewall(_machine.Windows.Firewall, rule => rule with { EdgeTraversal = EdgeTraversal.Deny });
        var firewall = new TeredoFirewall(new OtherFirewall(_machine.Windows, forgetful), new HurriedTime());

        FirewallMachine.AssertError(TeredoError.SetupFailed, () => firewall.Ensure(_machine.Request),
            "EdgeTraversal is 'Deny' instead of 'DeferToApp'");
    }

    [Test]
    public void Ensure_UnderAGroupPolicy_MakesTheRulesAndSaysThatTheyAreOverridden()
    {
        _machine.Windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride;

        var check = _machine.Firewall.Ensure(_machine.Request);

        Assert.That((check.LetsIn, check.Finding?.Error), Is.EqualTo((false, TeredoError.FirewallExceptionOverridden)));
        Assert.That(_machine.Rules, Has.Count.EqualTo(2));
    }
}
