using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;

namespace TeredoSdk.Tests;

/// <summary>What is said when the kernel refuses a connection: the peer is blamed only for what is the peer's.</summary>
public sealed class ConnectProblemTests
{
    [TestCase(SocketError.AddressNotAvailable, TeredoError.PortUnavailable, "All dynamic TCP ports")]
    [TestCase(SocketError.TooManyOpenSockets, TeredoError.PortUnavailable, "ulimit -n")]
    [TestCase(SocketError.ConnectionRefused, TeredoError.ConnectionRefused, "nothing listens at port 80")]
    [TestCase(SocketError.NotConnected, TeredoError.ConnectionRefused, "broke the connection off as soon as it was made")]
    [TestCase(SocketError.ConnectionReset, TeredoError.ConnectionRefused, "broke the connection off as soon as it was made")]
    [TestCase(SocketError.TimedOut, TeredoError.PeerUnreachable, "Nothing answered")]
    [TestCase(SocketError.HostUnreachable, TeredoError.PeerUnreachable, "Check that it is running")]
    public void Refusal_IsToldForWhatItIs(SocketError refusal, TeredoError error, string sentence)
    {
        var problem = Problems.OfConnect(new IPEndPoint(IPAddress.Parse("2001:0:c000:201:0:efff:34ff:8efe"), 80), new((int)refusal));
        Assert.That((problem.Error, problem.Message.Contains(sentence, StringComparison.Ordinal)), Is.EqualTo((error, true)), problem.Message);
        if (error == TeredoError.PortUnavailable)
            Assert.That(problem.Message, Does.Not.Contain("Check that it is running"));
    }
}
