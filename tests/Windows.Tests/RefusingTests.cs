namespace TeredoSdk.Windows.Tests;

/// <summary>A Windows that refuses: each refusal is a named error or reason, and nothing is changed.</summary>
[Refusing]
public class RefusingTests
{
    static readonly FirewallRule Rule = new()
    {
        Name = "Chat",
        Protocol = FirewallProtocol.Udp,
        Enabled = true,
        EdgeTraversal = EdgeTraversal.DeferToApp,
    };

    static readonly FirewallExceptionRequest Request = new() { Name = "Chat", ProgramPath = Environment.ProcessPath, UdpPort = 5000 };

    static TeredoFirewall Exceptions => new(Windows);

    static WindowsSystem Windows => WindowsSystem.Current;

    [Test]
    public void Add_WithoutRights_IsAccessDenied()
    {
        FakeFiles.Own.Begin("firewall=denied");
        AssertWritesFail(TeredoError.AccessDenied);
        Assert.That(FakeFiles.Own.Rules, Is.Empty);
    }

    [Test]
    public void Update_WithoutRights_LeavesTheRuleAsItIs()
    {
        FakeFiles.Own.Begin("firewall=denied");
        FakeFiles.Own.StoreRules(["Name=Chat", "Protocol=17", "Direction=1", "Enabled=0", "Action=1", "Profiles=2147483647"]);
        Assert.That(() => Windows.Firewall.Update(Rule), Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AccessDenied));
        Assert.That(FakeFiles.Own.Rules.Single()["Enabled"], Is.EqualTo("0"));
    }

    [Test]
    public void Rules_WithoutRights_AreStillRead()
    {
        FakeFiles.Own.Begin("firewall=denied");
        FakeFiles.Own.StoreRules(["Name=Chat", "Protocol=17", "Direction=1", "Enabled=1", "Action=1", "Profiles=2147483647"]);
        Assert.That(Windows.Firewall.ReadRules().Value.Single().Name, Is.EqualTo("Chat"));
    }

    [Test]
    public void Firewall_WhoseServiceIsOff_IsNamedInEveryAnswer()
    {
        FakeFiles.Own.Begin("firewall=no-service");
        AssertWritesFail(TeredoError.FirewallUnavailable);
        Assert.That(Windows.Firewall.ReadRules().Reason, Does.Contain("mpssvc"));
        Assert.That(Windows.Firewall.ReadStatus().Reason, Does.Contain("mpssvc"));
        Assert.That(Windows.Firewall.ReadOpenPorts().Reason, Does.Contain("mpssvc"));
    }

    [Test]
    public void Status_UnderAGroupPolicy_SaysThatLocalRulesDoNotCount()
    {
        FakeFiles.Own.Begin("modify_state=1");
        Assert.That(Windows.Firewall.ReadStatus().Value.ModifyState, Is.EqualTo(FirewallModifyState.GroupPolicyOverride));
    }

    [Test]
    public void Filters_WithoutRights_AreUnknown()
    {
        FakeFiles.Own.Begin("filters=denied");
        Assert.That(Windows.ReadEdgeTraversalFilters().Reason, Does.Contain("rights"));
    }

    [Test]
    public void Filters_OfWhichNoneIsShown_AreUnknown()
    {
        FakeFiles.Own.Begin("filters=none");
        Assert.That(Windows.ReadEdgeTraversalFilters().Reason, Does.Contain("rights"));
    }

    [Test]
    public void Configuration_WithoutRights_IsReadButNotWritten()
    {
        FakeFiles.Own.Begin("cim=denied");
        Assert.That(Windows.ReadConfiguration().IsKnown);
        Assert.That(() => Windows.WriteConfiguration(new() { Type = TeredoType.Disabled }),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AccessDenied)
                .And.Message.Contains("netsh interface teredo set state"));
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("client"));
    }

    [Test]
    public void Configuration_BeforeWindows8_IsANamedReason()
    {
        FakeFiles.Own.Begin("cim=missing");
        Assert.That(Windows.ReadConfiguration().Reason, Does.Contain("StandardCimv2"));
        Assert.That(Windows.ReadStatus().Reason, Does.Contain("StandardCimv2"));
    }

    [Test]
    public void Exception_WithoutRights_IsAccessDeniedWithTheElevatedCommand()
    {
        FakeFiles.Own.Begin("firewall=denied");
        Assert.That(() => Exceptions.EnsureAsync(Request), Throws.TypeOf<TeredoException>()
            .With.Property("Error").EqualTo(TeredoError.AccessDenied)
            .And.Message.Contains("netsh advfirewall").And.Message.Contains(Request.ProgramPath!));
        Assert.That(FakeFiles.Own.RuleStore, Is.Empty);
    }

    [TestCase("modify_state=1")]
    [TestCase("block_all=1")]
    public async Task Exception_ThatSomethingOverrides_IsNamedSo(string setting)
    {
        FakeFiles.Own.Begin(setting);
        var found = await Exceptions.EnsureAsync(Request);
        Assert.That((found.LetsIn, found.Finding?.Error),
            Is.EqualTo((false, TeredoError.FirewallExceptionOverridden)), found.Finding?.Sentence);
    }

    [Test]
    public async Task Exception_WithTheFirewallOff_IsNamedSo()
    {
        FakeFiles.Own.Begin("enabled=0");
        Assert.That((await Exceptions.CheckAsync(Request)).Finding?.Id, Is.EqualTo(FindingIds.FirewallOff));
    }

    [Test]
    public async Task Exception_OfAFirewallWhoseServiceIsOff_IsUnavailable()
    {
        FakeFiles.Own.Begin("firewall=no-service");
        Assert.That(() => Exceptions.EnsureAsync(Request),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.FirewallUnavailable));
        Assert.That((await Exceptions.CheckAsync(Request)).LetsIn, Is.Null);
    }

    static void AssertWritesFail(TeredoError error)
    {
        var firewall = Windows.Firewall;
        TestDelegate[] writes = [() => firewall.Add(Rule), () => firewall.AddOpenPort(new()
        {
            Name = "Chat",
            Port = 3544,
            Protocol = FirewallProtocol.Udp,
        })];
        foreach (var write in writes)
            Assert.That(write, Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(error));
    }
}
