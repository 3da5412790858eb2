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
    public async Task Ensure_ForAProgramAndItsPort_StoresOneRuleThatLetsTeredoInWhenTheSocketSaysSo()
    {
        Assert.That((await Firewall.EnsureAsync(Request)).LetsIn, Is.True);
        var rule = FakeFiles.Own.Rules.Single();
        Assert.That(rule["Name"], Does.Contain(Request.Name));
        Assert.That((rule["ApplicationName"], rule["Protocol"], rule["LocalPorts"], rule["Direction"], rule["Action"], rule["Enabled"],
            rule["EdgeTraversalOptions"], rule["Grouping"], rule["Profiles"]),
            Is.EqualTo((Program, "17", "5000", "1", "1", "1", "2", FirewallExceptionRequest.OwnGrouping, "2147483647")));
    }

    [Test]
    public async Task Ensure_Again_ChangesNothing()
    {
        await Firewall.EnsureAsync(Request);
        string before = FakeFiles.Own.RuleStore;
        await Firewall.EnsureAsync(Request);
        Assert.That(FakeFiles.Own.RuleStore, Is.EqualTo(before));
    }

    [Test]
    public async Task Ensure_WithAnotherPort_ChangesTheRuleInPlace()
    {
        await Firewall.EnsureAsync(Request);
        await Firewall.EnsureAsync(RequestWith(request => request.UdpPort = 6000));
        Assert.That(FakeFiles.Own.Rules.Count(rule => rule["LocalPorts"] == "6000"), Is.EqualTo(1));
        Assert.That((await Firewall.CheckAsync(RequestWith(request => request.UdpPort = 6000))).LetsIn, Is.True);
    }

    [Test]
    public async Task RemoveOwned_LeavesTheRulesOfOthersAsTheyWere()
    {
        FakeFiles.Own.StoreRules(["Name=Règle d'un autre", "Protocol=17", "LocalPorts=5000", "Direction=1", "Enabled=1", "Action=1", "Profiles=4"]);
        string before = FakeFiles.Own.RuleStore;
        await Firewall.EnsureAsync(Request);
        Assert.That(await Firewall.RemoveOwnedAsync(Request.Name, Request.ProgramPath!), Has.Count.EqualTo(1));
        Assert.That(FakeFiles.Own.RuleStore, Is.EqualTo(before));
    }

    [Test]
    public async Task Check_WithABlockRuleOfAnother_SaysThatItIsOverridden()
    {
        await Firewall.EnsureAsync(Request);
        WindowsSystem.Current.Firewall.Add(new()
        {
            Name = "block",
            ProgramPath = Program.ToUpperInvariant(),
            Protocol = FirewallProtocol.Udp,
            Action = FirewallAction.Block,
            Enabled = true,
        });
        Assert.That((await Firewall.CheckAsync(Request)).Finding?.Error, Is.EqualTo(TeredoError.FirewallExceptionOverridden));
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
        Assert.That(() => Firewall.EnsureAsync(request), Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(error));
        Assert.That(FakeFiles.Own.RuleStore, Is.Empty);
    }
}
