namespace TeredoSdk.Tests.Windows.Firewall;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class RemovalTests
{
    readonly FirewallMachine _machine = new();

    [Test]
    public void RemoveOwned_OfAnApplication_LeavesAllElse()
    {
        _machine.With(_machine.Other);
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.Name = "Chat two"));
        var before = _machine.Rules;
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.OpenTeredoPort = true));

        var removed = _machine.Firewall.RemoveOwned("chat", FirewallMachine.Program.ToUpperInvariant());

        Assert.That(removed.Select(rule => rule.Name), Is.EqualTo(new[] { "Chat (Teredo, TCP)", "Chat (Teredo, UDP)", "Chat (Teredo port)" }));
        Assert.That(_machine.Rules, Is.EqualTo(before));
    }

    [Test]
    public void RemoveOwned_OfAnotherProgramOfThatName_RemovesNothing()
    {
        _machine.Firewall.Ensure(_machine.RequestWith(request => request.OpenTeredoPort = true));
        Assert.That(_machine.Firewall.RemoveOwned("Chat", @"C:\Other\Chat.exe"), Is.Empty);
        Assert.That(_machine.Rules, Has.Count.EqualTo(3));
    }

    [Test]
    public void RemoveOwned_WithSomebodyElsesRuleOfThatName_RemovesNothing()
    {
        _machine.Firewall.Ensure(_machine.Request);
        _machine.With(_machine.Other with { Name = "Chat (Teredo, UDP)" });

        FirewallMachine.AssertError(TeredoError.InvalidFirewallRule, () => _machine.Firewall.RemoveOwned("Chat", FirewallMachine.Program), "belongs to another program");
        Assert.That(_machine.Rules, Has.Count.EqualTo(3));
    }

    [Test]
    public void RemoveOwned_WithoutRights_GivesTheCommand()
    {
        _machine.Firewall.Ensure(_machine.Request);
        _machine.Windows.IsElevated = false;

        FirewallMachine.AssertError(TeredoError.AccessDenied, () => _machine.Firewall.RemoveOwned("Chat", FirewallMachine.Program),
            @"`netsh advfirewall firewall delete rule name=""Chat (Teredo, TCP)"" dir=in program=""C:\Program Files\Chat\Chat.exe""`");
    }
}
