using System.Net.Sockets;

namespace TeredoSdk.Xp.Tests;

/// <summary>The real parts as far as mono on this machine has them: what is missing has a name.</summary>
public class RealSystemTests
{
    [Test]
    public void IPv6Test_AgreesWithThisMachine() =>
        Assert.That(Probe.Play("real ipv6").Single(), Is.EqualTo($"ipv6 {Socket.OSSupportsIPv6} {Socket.OSSupportsIPv6}"));

    [Test]
    public void Addresses_AreThoseOfTheInterfaces() => Assert.That(Probe.Play("real addresses").Single().Split(' '), Does.Contain("127.0.0.1"));

    [Test]
    public void ProposedUdpPort_IsFreeUntilSomebodyTakesIt_AndNoneThatWindowsGivesAway()
    {
        string[] words = Probe.Play("real ports").Single().Split(' ');
        Assert.That(words[2..], Is.EqualTo(new[] { "free", "False" }));
        Assert.That(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), Is.InRange(49152, 65535));
    }

    [Test]
    public void WaitForAddress_NoTeredoHere_EndsInTime() => Assert.That(Probe.Play("real wait").Single(), Does.StartWith("error NoAddress:"));

    [Test]
    public void WaitForAddress_CancelledByAnotherThread_Ends() =>
        Assert.That(Probe.Play("real cancel").Single(), Does.StartWith("threw OperationCanceledException"));

    [Test]
    [Platform("Linux")]
    public void SetUnrestricted_SystemHasNoSuchOption_IsProtectionLevelRefused() =>
        Assert.That(Probe.Play("real unrestricted").Last(),
            Does.StartWith("error ProtectionLevelRefused: The system refused the socket's protection level (ProtocolOption)"));

    [TestCase("unrestricted-bound", "threw InvalidOperationException: The socket is bound already")]
    [TestCase("unrestricted-ipv4", "threw ArgumentException: Only an IPv6 socket has a protection level")]
    public void SetUnrestricted_NotAnUnboundIPv6Socket_IsRefused(string socket, string error) =>
        Assert.That(Probe.Play($"real {socket}")[0], Does.StartWith(error));

    [Test]
    [Platform("Linux")]
    public void Netsh_IsMissing_IsNetshUnavailable() =>
        Assert.That(Probe.Play("real netsh").Single(),
            Does.StartWith("error NetshUnavailable:").And.Contain("Run 'netsh interface ipv6 show teredo' by hand"));

    [Test]
    [Platform("Linux")]
    public void Firewall_ThereIsNoCom_IsFirewallUnavailable() =>
        Assert.That(Probe.Play("real com").Single(), Does.StartWith("error FirewallUnavailable:"));
}
