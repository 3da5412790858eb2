namespace TeredoSdk.Windows.Tests;

/// <summary>Firewall exceptions from the request to the stored rule.</summary>
[Fakes]
public class ExceptionTests
{
    static readonly string Program = Environment.ProcessPath!;
    static FirewallExceptionRequest Request => new() { Name = "Größe 大小", ProgramPath = Program, UdpPort = 5000 };

    static TeredoFirewall Firewall => new(WindowsSystem.Current);

    [SetUp]
    public void BeginAnew() => FakeFiles.Own.Begin();

    [Test]
    public void Ensure_ForAProgramAndItsPort_StoresOneRuleThatLetsTeredoInWhenTheSocketSaysSo()
    {
        Assert.That(Firewall.Ensure(Request).LetsIn, Is.True);
        var rule = FakeFiles.Own.Rules.Single();
        Assert.That(rule["Name"], Does.Contain(Request.Name));
        Assert.That((rule["ApplicationName"], rule["Protocol"], rule["LocalPorts"], rule["Direction"], rule["Action"], rule["Enabled"],
            rule["EdgeTraversalOptions"], rule["Grouping"], rule["Profiles"]),
            Is.EqualTo((Program, "17", "5000", "1", "1", "1", "2", FirewallExceptionRequest.OwnGrouping, "2147483647")));
    }

    [Test]
    public void Ensure_Again_ChangesNothing()
    {
        Firewall.Ensure(Request);
        string before = FakeFiles.Own.RuleStore;
        Firewall.Ensure(Request);
        Assert.That(FakeFiles.Own.RuleStore, Is.EqualTo(before));
    }

    [Test]
    public void Ensure_WithAnotherPort_ChangesTheRuleInPlace()
    {
        Firewall.Ensure(Request);
        Firewall.Ensure(RequestWith(request => request.UdpPort = 6000));
        Assert.That(FakeFiles.Own.Rules.Count(rule => rule["LocalPorts"] == "6000"), Is.EqualTo(1));
        Assert.That(Firewall.Check(RequestWith(request => request.UdpPort = 6000)).LetsIn, Is.True);
    }

    [Test]
    public void RemoveOwned_LeavesTheRulesOfOthersAsTheyWere()
    {
        FakeFiles.Own.StoreRules(["Name=Règle d'un autre", "Protocol=17", "LocalPorts=5000", "Direction=1", "Enabled=1", "Action=1", "Profiles=4"]);
        string before = FakeFiles.Own.RuleStore;
        Firewall.Ensure(Request);
        Assert.That(Firewall.RemoveOwned(Request.Name, Request.ProgramPath!), Has.Count.EqualTo(1));
        Assert.That(FakeFiles.Own.RuleStore, Is.EqualTo(before));
    }

    [Test]
    public void Check_WithABlockRuleOfAnother_SaysThatItIsOverridden()
    {
        Firewall.Ensure(Request);
        WindowsSystem.Current.Firewall.Add(new()
        {
            Name = "block",
            ProgramPath = Program.ToUpperInvariant(),
            Protocol = FirewallProtocol.Udp,
            Action = FirewallAction.Block,
            Enabled = true,
        });
        Assert.That(Firewall.Check(Request).Finding?.Error, Is.EqualTo(TeredoError.FirewallExceptionOverridden));
    }

    [TestCase("a|b", TeredoError.InvalidFirewallRule)]
    [TestCase("", TeredoError.InvalidFirewallRule)]
    public void Ensure_WithANameThatIsNone_IsANamedError(string name, TeredoError error) =>
        AssertFails(RequestWith(request => request.Name = name), error);

    [TestCase(@"C:\not\there.exe")]
    [TestCase(@"C:\windows\..\dotnet.exe")]
    [TestCase("relative.exe")]
    public void Ensure_WithAProgramThatIsNone_IsANamedError(string program) =>
        AssertFails(RequestWith(request => request.ProgramPath = program), TeredoError.InvalidProgram);

    static FirewallExceptionRequest RequestWith(Action<FirewallExceptionRequest> change)
    {
        var request = Request;
        change(request);
        return request;
    }

    static void AssertFails(FirewallExceptionRequest request, TeredoError error)
    {
        Assert.That(() => Firewall.Ensure(request), Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(error));
        Assert.That(FakeFiles.Own.RuleStore, Is.Empty);
    }
}
