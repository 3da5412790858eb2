using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class WantedRulesTests
{
    readonly FirewallMachine _machine = new();

    [Test]
    public void ProgramWithoutPorts_IsOneRuleForEachProtocol()
    {
        var rules = _machine.Firewall.WantedRules(_machine.Request);

        Assert.That(rules.Select(rule => (rule.Name, rule.Protocol, rule.LocalPorts)), Is.EqualTo(new[]
        {
            ("Chat (Teredo, TCP)", FirewallProtocol.Tcp, (string?)null), ("Chat (Teredo, UDP)", FirewallProtocol.Udp, null),
        }));
        Assert.That(rules, Has.All.Matches<FirewallRule>(rule => rule is
        {
            ProgramPath: FirewallMachine.Program, Grouping: "TeredoSdk", Direction: FirewallDirection.In, Action: FirewallAction.Allow, Enabled: true,
            Profiles: FirewallProfiles.All, EdgeTraversal: EdgeTraversal.DeferToApp, ServiceName: null, RemoteAddresses: null,
        }));
    }

    [Test]
    public void NamedPort_IsTheOnlyRule()
    {
        var rules = _machine.Firewall.WantedRules(_machine.RequestWith(request => request.UdpPort = 5000));

        Assert.That(rules.Select(rule => (rule.Protocol, rule.LocalPorts)), Is.EqualTo(new[] { (FirewallProtocol.Udp, "5000") }));
    }

    [Test]
    public void TeredoPort_IsARuleOfTheTeredoServiceByKeyword()
    {
        var rule = _machine.Firewall.WantedRules(new() { Name = "Chat", OpenTeredoPort = true }).Single();

        Assert.That((rule.Name, rule.ServiceName, rule.Protocol, rule.LocalPorts, rule.ProgramPath),
            Is.EqualTo(("Chat (Teredo port)", "iphlpsvc", FirewallProtocol.Udp, "Teredo", (string?)null)));
    }

    [TestCase("", "empty")]
    [TestCase("  ", "empty")]
    [TestCase("a|b", "'|'")]
    [TestCase("ALL", "all rules")]
    [TestCase("a\nb", "control")]
    public void Name_ThatTheFirewallRefuses_IsNamed(string name, string word) => FirewallMachine.AssertError(
        TeredoError.InvalidFirewallRule, () => _machine.Firewall.WantedRules(_machine.RequestWith(request => request.Name = name)), word);

    [TestCase(0)]
    [TestCase(65536)]
    public void Port_OutOfRange_IsNamed(int port) => FirewallMachine.AssertError(
        TeredoError.InvalidFirewallRule, () => _machine.Firewall.WantedRules(_machine.RequestWith(request => request.TcpPort = port)), "65535");

    [TestCase("Chat.exe", "full path")]
    [TestCase(@"C:Chat.exe", "full path")]
    [TestCase(@"%NoSuchVariable%\Chat.exe", "full path")]
    [TestCase("C:/Chat/Chat.exe", "does not exist")]
    [TestCase(@"C:\Windows\System32\svchost.exe", "svchost.exe would open all")]
    [TestCase(@"C:\Windows\System32\RUNDLL32.EXE.", "all that it runs")]
    [TestCase(@"C:\Program Files\PowerShell\7\pwsh.exe", "all that it runs")]
    [TestCase(@"C:\Python\python.exe", "all that it runs")]
    [TestCase(@"\\?\C:\Chat.exe", "backslashes")]
    [TestCase(@"C:\Absent\Chat.exe", "does not exist")]
    [TestCase(@"C:\Program Files\dotnet\DOTNET.exe", "apphost")]
    public void Program_ThatCanNotBeUsed_IsNamed(string path, string word)
    {
        _machine.Windows.Files[@"C:\Program Files\dotnet\DOTNET.exe"] = true;

        AssertBadProgram(path, word);
    }

    // An attribute can't hold such texts.
    [Test]
    public void HalfACharacter_IsRefused_InNamesAndPaths()
    {
        FirewallMachine.AssertError(TeredoError.InvalidFirewallRule,
            () => _machine.Firewall.WantedRules(_machine.RequestWith(request => request.Name = "a\ud800")), "surrogates");
        AssertBadProgram("C:\\Chat\udc00.exe", "surrogates");
        Assert.That(_machine.Firewall.WantedRules(_machine.RequestWith(request => request.Name = "a\ud83d\ude00")), Is.Not.Empty, "a whole one");
    }

    [TestCase(@"C:\\Program Files\Chat\Chat.exe")]
    [TestCase(@"C:\Program Files\Other\..\.\Chat\Chat.exe")]
    [TestCase(@"C:\..\Program Files\Chat\Chat.exe")]
    [TestCase(@"C:\Program Files\Chat\Chat.exe. .")]
    [TestCase("C:/Program Files/Chat/Chat.exe")]
    public void Program_WrittenInAnotherWay_IsTheSame(string path)
    {
        var plain = _machine.Firewall.WantedRules(_machine.Request);
        var rules = _machine.Firewall.WantedRules(_machine.RequestWith(request => request.ProgramPath = path));
        Assert.That(rules.Select(rule => rule.ProgramPath), Is.EqualTo(plain.Select(rule => rule.ProgramPath)));
    }

    [TestCase(@"\\server\share\..\..\App.exe", @"\\server\share\App.exe")]
    [TestCase(@"\\?\C:\a\..\App.exe", @"\\?\C:\a\..\App.exe")]
    [TestCase("System", "System")]
    public void Path_IsNormalisedWithinItsRoot(string path, string expected) => Assert.That(RuleComparison.Expand(path), Is.EqualTo(expected));

    [Test]
    public void Program_WithTooLongAPath_IsNamed()
    {
        string path = $@"C:\{new string('a', 260)}\Chat.exe";
        _machine.Windows.Files[path] = true;

        AssertBadProgram(path, "259");
    }

    [Test]
    public void Program_WithVariables_IsWrittenWithoutThem()
    {
        Environment.SetEnvironmentVariable("TeredoSdkTestProgram", FirewallMachine.Program[..^".exe".Length]);
        var rules = _machine.Firewall.WantedRules(_machine.RequestWith(request => request.ProgramPath = "%TeredoSdkTestProgram%.exe"));
        Assert.That(rules.Select(rule => rule.ProgramPath), Has.All.EqualTo(FirewallMachine.Program), "the firewall's service has variables of its own");
    }

    [Test]
    public void Request_ForNothing_IsRefused() =>
        FirewallMachine.AssertError(TeredoError.InvalidFirewallRule, () => _machine.Firewall.WantedRules(new() { Name = "Chat" }), "nothing");

    [Test]
    public void Port_WithoutAProgram_IsRefused() => FirewallMachine.AssertError(
        TeredoError.InvalidFirewallRule, () => _machine.Firewall.WantedRules(new() { Name = "Chat", TcpPort = 80 }), "program");

    void AssertBadProgram(string path, string word) => FirewallMachine.AssertError(
        TeredoError.InvalidProgram, () => _machine.Firewall.WantedRules(_machine.RequestWith(request => request.ProgramPath = path)), word);
}
