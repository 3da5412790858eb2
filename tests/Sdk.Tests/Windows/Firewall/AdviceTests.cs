using System.Text.RegularExpressions;
using TeredoSdk.Testing;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>The advice is by means that every Windows has, and does what it is for.</summary>
public sealed partial class AdviceTests
{
    const string Program = @"C:\Games\A Game.exe";

    [TestCase(null, null)]
    [TestCase(4242, null)]
    [TestCase(null, 4242)]
    [TestCase(4242, 4243)]
    public void Advice_Followed_LetsStrangersIn(int? tcp, int? udp)
    {
        var windows = new FakeWindows();
        windows.Files[Program] = true;
        var request = new FirewallExceptionRequest { Name = "A Game", ProgramPath = Program, TcpPort = tcp, UdpPort = udp };
        var fix = new TeredoFirewall(windows).Check(request).Finding!.Fix!;
        foreach (string line in fix.Command!.Split('\n'))
            windows.Firewall.Add(RuleOf(line));
        Assert.That(new TeredoFirewall(windows).Check(request).LetsIn, Is.True);
        Assert.That(fix.Sentence, Does.Contain("wf.msc").Or.Contain("delete rule"), "how to undo it");
    }

    // Neither shell would pass these on as they are.
    [TestCase(@"C:\100%\a.exe")]
    [TestCase(@"C:\$x\a.exe")]
    [TestCase("C:\\a\u201d; calc; \u201c.exe")]
    public void Advice_ForWhatAShellWouldChange_IsInWords(string program)
    {
        var fix = FirewallAdvice.ToAdd(new() { Name = "Game", ProgramPath = program, UdpPort = 4242 });
        Assert.That(fix.Command, Is.Null);
        Assert.That(fix.Sentence, Does.Contain("wf.msc").And.Contain(program).And.Contain("UDP port 4242").And.Contain("deferred to the application"));
        Assert.That(FirewallAdvice.ToRemove("Game", program).Command, Is.Null);
    }

    [Test]
    public void Advice_OfAnApplicationWithItsOwnCommand_IsThatCommand() =>
        Assert.That(FirewallAdvice.ToAdd(new() { Name = "Game", ProgramPath = Program }, "game.exe --repair").Sentence, Does.Contain("`game.exe --repair`").And.Not.Contain("netsh"));

    // netsh's arguments, as far as the advice has them.
    static FirewallRule RuleOf(string line)
    {
        Assert.That(line, Does.StartWith("netsh advfirewall firewall add rule "));
        var values = Argument().Matches(line).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim('"'));
        Assert.That((values["dir"], values["action"], values["edge"]), Is.EqualTo(("in", "allow", "deferapp")));
        return new()
        {
            Name = values["name"],
            ProgramPath = values["program"],
            Protocol = Enum.Parse<FirewallProtocol>(values["protocol"], ignoreCase: true),
            LocalPorts = values.GetValueOrDefault("localport"),
            EdgeTraversal = EdgeTraversal.DeferToApp,
            Enabled = true,
        };
    }

    [GeneratedRegex("([a-z]+)=(\"[^\"]*\"|[^ ]+)")]
    private static partial Regex Argument();
}
