namespace TeredoSdk.Windows.Tests;

/// <summary>A Windows that refuses: each refusal is a named error or reason, and nothing is changed.</summary>
[Refusing]
public class RefusingTests
{
    static readonly FirewallRule Rule = new() { Name = "Chat", Protocol = FirewallProtocol.Udp, Enabled = true, EdgeTraversal = EdgeTraversal.DeferToApp };

    static WindowsSystem Windows => WindowsSystem.Current;

    [Test]
    public void Add_WithoutRights_IsAccessDenied()
    {
        Fakes.Begin("firewall=denied");
        AssertWritesFail(TeredoError.AccessDenied);
        Assert.That(Fakes.Rules, Is.Empty);
    }

    [Test]
    public void Update_WithoutRights_LeavesTheRuleAsItIs()
    {
        Fakes.Begin("firewall=denied");
        Fakes.StoreRules(["Name=Chat", "Protocol=17", "Direction=1", "Enabled=0", "Action=1", "Profiles=2147483647"]);
        Assert.That(() => Windows.Firewall.Update(Rule), Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AccessDenied));
        Assert.That(Fakes.Rules.Single()["Enabled"], Is.EqualTo("0"));
    }

    [Test]
    public void Rules_WithoutRights_AreStillRead()
    {
        Fakes.Begin("firewall=denied");
        Fakes.StoreRules(["Name=Chat", "Protocol=17", "Direction=1", "Enabled=1", "Action=1", "Profiles=2147483647"]);
        Assert.That(Windows.Firewall.ReadRules().Value.Single().Name, Is.EqualTo("Chat"));
    }

    [Test]
    public void Firewall_WhoseServiceIsOff_IsNamedInEveryAnswer()
    {
        Fakes.Begin("firewall=no-service");
        AssertWritesFail(TeredoError.FirewallUnavailable);
        Assert.That(Windows.Firewall.ReadRules().Reason, Does.Contain("mpssvc"));
        Assert.That(Windows.Firewall.ReadStatus().Reason, Does.Contain("mpssvc"));
        Assert.That(Windows.Firewall.ReadOpenPorts().Reason, Does.Contain("mpssvc"));
    }

    [Test]
    public void Rule_OnVista_HasEdgeTraversalOnOrOff()
    {
        Fakes.Begin("level=vista");
        Windows.Firewall.Add(Rule with { EdgeTraversal = EdgeTraversal.Allow });
        Assert.That(Fakes.Rules.Single()["EdgeTraversalOptions"], Is.EqualTo("1"));
        Assert.That(Windows.Firewall.ReadRules().Value.Single().EdgeTraversal, Is.EqualTo(EdgeTraversal.Allow));
    }

    [Test]
    public void Status_UnderAGroupPolicy_SaysThatLocalRulesDoNotCount()
    {
        Fakes.Begin("modify_state=1");
        Assert.That(Windows.Firewall.ReadStatus().Value.ModifyState, Is.EqualTo(FirewallModifyState.GroupPolicyOverride));
    }

    [Test]
    public void Filters_WithoutRights_AreUnknown()
    {
        Fakes.Begin("filters=denied");
        Assert.That(Windows.ReadEdgeTraversalFilters().Reason, Does.Contain("rights"));
    }

    [Test]
    public void Filters_OfWhichNoneIsShown_AreUnknown()
    {
        Fakes.Begin("filters=none");
        Assert.That(Windows.ReadEdgeTraversalFilters().Reason, Does.Contain("rights"));
    }

    [Test]
    public void Configuration_WithoutRights_IsReadButNotWritten()
    {
        Fakes.Begin("cim=denied");
        Assert.That(Windows.ReadConfiguration().IsKnown);
        Assert.That(() => Windows.WriteConfiguration(new() { Type = TeredoType.Disabled }),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AccessDenied).And.Message.Contains("netsh interface teredo set state"));
        Assert.That(Fakes.Get("type"), Is.EqualTo("client"));
    }

    [Test]
    public void Configuration_BeforeWindows8_IsANamedReason()
    {
        Fakes.Begin("cim=missing");
        Assert.That(Windows.ReadConfiguration().Reason, Does.Contain("StandardCimv2"));
        Assert.That(Windows.ReadStatus().Reason, Does.Contain("StandardCimv2"));
    }

    static void AssertWritesFail(TeredoError error)
    {
        var firewall = Windows.Firewall;
        TestDelegate[] writes = [() => firewall.Add(Rule), () => firewall.AddOpenPort(new("Chat", 3544, FirewallProtocol.Udp))];
        foreach (var write in writes)
            Assert.That(write, Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(error));
    }
}
