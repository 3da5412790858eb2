using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;

namespace TeredoSdk.Tests;

/// <summary>Sockets of this machine that are being prepared: what fails leaves nothing behind, and is told.</summary>
public sealed class FreshSocketTests
{
    static Socket Open() => new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);

    [TestCase(SocketError.AccessDenied, "TCP port 80 of this machine is for privileged programs only. Choose a port of 1024 or more, or 0 for any.")]
    [TestCase(SocketError.AddressAlreadyInUse, "TCP port 80 of this machine can't be used (")]
    public void Refusal_IsTold_AndTheSocketIsClosed(SocketError error, string sentence)
    {
        var socket = Open();
        var e = Assert.Throws<TeredoException>(() => FreshSocket.Prepare(() => socket, 80, "TCP", _ => throw new SocketException((int)error)))!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(e.Message, Does.StartWith(sentence));
        Assert.That(socket.SafeHandle.IsClosed);
    }

    [Test]
    public void Connect_ThatFails_ClosesTheSocket()
    {
        var socket = Open();
        Assert.That(() => FreshSocket.ConnectAsync(socket, _ => throw new InvalidOperationException(), new(IPAddress.IPv6Loopback, 1), default),
            Throws.InvalidOperationException);
        Assert.That(socket.SafeHandle.IsClosed);
    }

    [Test]
    public async Task Connect_SendsSmallPiecesAtOnce()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var fresh = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var socket = await FreshSocket.ConnectAsync(fresh, null, (IPEndPoint)listener.LocalEndpoint, default).InTime();
        Assert.That(socket.NoDelay);
    }

    [Test]
    [Platform("Linux")]
    public void Options_AreTheOnesOfLinux()
    {
        using var stream = Open();
        using var datagrams = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        FreshSocket.LimitSynRetries(stream);
        FreshSocket.ForbidFragments(datagrams);
        byte[] value = new byte[4];
        stream.GetRawSocketOption(6, 7, value); // TCP_SYNCNT of tcp(7)
        Assert.That(BitConverter.ToInt32(value), Is.EqualTo(4));
        datagrams.GetRawSocketOption(41, 62, value); // IPV6_DONTFRAG
        Assert.That(BitConverter.ToInt32(value), Is.EqualTo(1));
    }
}
