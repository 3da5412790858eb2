namespace TeredoSdk.Xp.Tests;

/// <summary>The port exception, on a scripted firewall behind the interfaces of HNetCfg.</summary>
public class PortExceptionTests
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

        Assert.That(lines[0], Does.StartWith("error PortExceptionOfOthers: UDP port 3544"));
        Assert.That(lines[1], Is.EqualTo(kept));
    }

    [TestCase("firewall=absent", "FirewallUnavailable: The firewall's object HNetCfg.FwMgr does not exist")]
    [TestCase("firewall=stopped", "FirewallUnavailable: The firewall can't be used (0x800706D9)")]
    [TestCase("firewall=no-exceptions", "ExceptionsNotAllowed: The firewall allows no exceptions")]
    [TestCase("firewall=denied", "AccessDenied: Only an administrator")]
    [TestCase("firewall=forgets", "PortExceptionNotKept: The firewall did not keep")]
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
}
