namespace TeredoSdk.Xp.Tests;

/// <summary>The exceptions of ports and programs, on a scripted firewall behind the interfaces of HNetCfg.</summary>
public class ExceptionTests
{
    [Test]
    public void Open_NoException_AddsOneForUdpAndEverybody() => Assert.That(Probe.Play("open name=Own consent=yes"),
        Does.Contain("added 'Own' Udp 3544 All on").And.Contain("opened True").And.Contain("port 'Own' Udp 3544 All on"));

    [TestCase("Own")]
    [TestCase("Other")]
    public void Open_OpenAlready_ChangesNothingAndAsksNobody(string existing) =>
        Assert.That(Probe.Play($"open name=Own exception={existing} consent=yes"),
            Is.EqualTo(new[] { "opened False", $"port '{existing}' Udp 3544 All on" }));

    [TestCase("exception-off")]
    [TestCase("exception-subnet")]
    public void Open_OwnOneIsOffOrNarrower_WidensIt(string state) => Assert.That(Probe.Play($"open name=Own exception=Own {state} consent=yes"),
        Has.None.StartsWith("added").And.Contains("opened True").And.Contains("port 'Own' Udp 3544 All on"));

    [TestCase("exception=Other exception-off", "port 'Other' Udp 3544 All off")]
    [TestCase("exception=Other exception-subnet", "port 'Other' Udp 3544 LocalSubnet on")]
    [TestCase("exception=Own exception-built-in exception-off", "port 'Own' Udp 3544 All off")]
    public void Open_OneOfOthersIsOffOrNarrower_LeavesItAndSaysSo(string state, string kept)
    {
        string[] lines = Probe.Play($"open name=Own {state} consent=yes");

        Assert.That(lines[0], Does.StartWith("error ExceptionOfOthers: UDP port 3544"));
        Assert.That(lines[1], Is.EqualTo(kept));
    }

    [TestCase("firewall=absent", "FirewallUnavailable: The firewall's object HNetCfg.FwMgr does not exist")]
    [TestCase("firewall=stopped", "FirewallUnavailable: The firewall can't be used (0x800706D9)")]
    [TestCase("firewall=no-exceptions", "ExceptionsNotAllowed: The firewall allows no exceptions")]
    [TestCase("firewall=denied", "AccessDenied: Only an administrator")]
    [TestCase("firewall=forgets", "ExceptionNotKept: UDP port 3544 has no exception")]
    public void Open_FirewallRefuses_IsANamedError(string state, string error) =>
        Assert.That(Probe.Play($"open {state} consent=yes").Last(), Does.StartWith($"error {error}"));

    [TestCase("", "ConsentMissing")]
    [TestCase(" consent=no", "ConsentRefused")]
    public void Open_WithoutConsent_AddsNothing(string consent, string error) =>
        Assert.That(Probe.Play($"open{consent}"), Has.None.StartsWith("added").And.None.StartsWith("port").And.Some.StartsWith($"error {error}:"));

    [Test]
    public void Close_OwnOne_IsRemoved() =>
        Assert.That(Probe.Play("close name=Own exception=Own"), Is.EqualTo(new[] { "removed 'Own' Udp 3544 All on", "closed True" }));

    [TestCase("exception=Other", "port 'Other' Udp 3544 All on")]
    [TestCase("exception=Own exception-built-in", "port 'Own' Udp 3544 All on")]
    public void Close_OneOfOthers_Stays(string state, string kept) =>
        Assert.That(Probe.Play($"close name=Own {state}"), Is.EqualTo(new[] { "closed False", kept }));

    [Test]
    public void Close_None_IsNoError() => Assert.That(Probe.Play("close name=Own"), Is.EqualTo(new[] { "closed False" }));

    [Test]
    public void Close_WithoutRights_IsAccessDenied() =>
        Assert.That(Probe.Play("close name=Own exception=Own firewall=denied"),
            Has.Some.StartsWith("error AccessDenied:").And.Some.StartsWith("port 'Own'"));

    [Test]
    public void Open_TcpPort_IsNotTheUdpPortOfTheNumber() => Assert.That(Probe.Play("open name=Own protocol=6 want-port=4242 consent=yes"),
        Does.Contain("added 'Own' Tcp 4242 All on").And.Contain("opened True").And.Some.StartsWith("asked OpenPort: TCP port 4242").And.Some.Contains("portopening TCP 4242 Own]"));

    [Test]
    public void Close_TcpPort_LeavesTheUdpPortOfTheNumber() => Assert.That(Probe.Play("close name=Own protocol=6 exception=Own"),
        Is.EqualTo(new[] { "closed False", "port 'Own' Udp 3544 All on" }));

    [Test]
    public void Open_OfNeitherProtocol_IsRefused() => Assert.That(Probe.Play("open protocol=1 consent=yes")[0], Does.StartWith("threw ArgumentOutOfRange"));

    [Test]
    public void Allow_NoException_AddsOneForEverybody() => Assert.That(Probe.Run("allow", "name=Own", @"program=C:\a & b\x.exe", "consent=yes"),
        Is.EqualTo(new[]
        {
            @"asked AllowProgram: All computers will be allowed to reach the program 'C:\a & b\x.exe' through the Windows Firewall, under the name 'Own'."
            + @" To undo it, remove that exception in the control panel. [netsh firewall add allowedprogram ""C:\a & b\x.exe"" Own]",
            @"added 'Own' C:\a & b\x.exe All on", "allowed True", @"program 'Own' C:\a & b\x.exe All on",
        }));

    [TestCase("program-exception=Other", "allowed False")]
    [TestCase("program-exception=Own exception-off", "allowed True")]
    [TestCase("program-exception=Other exception-off", "error ExceptionOfOthers: The program")]
    [TestCase("firewall=forgets", "error ExceptionNotKept: The program")]
    public void Allow_OneIsThere_IsAsWithPorts(string state, string outcome) =>
        Assert.That(Probe.Play($@"allow name=Own program=C:\x.exe {state} consent=yes"), Has.Some.StartsWith(outcome));

    [TestCase("x.exe")]
    [TestCase(@"\\host\share\x.exe")]
    [TestCase(@"C:\%TEMP%\x.exe")]
    [TestCase(@"C:\")]
    public void Allow_NoPathOfAProgram_IsRefused(string path) =>
        Assert.That(Probe.Run("allow", $"program={path}", "consent=yes")[0], Does.StartWith($"threw ArgumentException: '{path}' is not the path of a program"));

    [Test]
    public void Allow_ProgramIsMissing_IsRefused() =>
        Assert.That(Probe.Play(@"allow program=C:\x.exe no-program consent=yes")[0], Does.StartWith(@"threw ArgumentException: There is no program 'C:\x.exe'"));

    [TestCase("program-exception=Own no-program", "disallowed True")]
    [TestCase("program-exception=Other", "disallowed False")]
    [TestCase("", "disallowed False")]
    public void Disallow_RemovesTheOwnOne_EvenWhenTheProgramIsGone(string state, string outcome) =>
        Assert.That(Probe.Play($@"disallow name=Own program=C:\x.exe {state}"), Does.Contain(outcome));
}
