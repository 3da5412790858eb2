using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk.Tests;

/// <summary>How sockets end, over ordinary sockets of loopback.</summary>
public sealed class SocketLifeTests
{
    [Test]
    public void DatagramSocket_Closing_HoldsItsPortUntilTheEngineHasForgottenIt()
    {
        var socket = Bound(SocketType.Dgram, ProtocolType.Udp);
        var at = (IPEndPoint)socket.LocalEndPoint!;
        bool? isFree = null;
        var endpoint = new SocketEndpoint(socket, () => isFree = IsFree(at, SocketType.Dgram, ProtocolType.Udp));
        endpoint.Dispose();
        Assert.That(isFree, Is.False, "the next socket at the port would be forgotten instead");
        Assert.That(IsFree(at, SocketType.Dgram, ProtocolType.Udp), Is.True);
    }

    [Test]
    public void Listener_Closing_HoldsItsPortUntilTheEngineHasForgottenIt()
    {
        var socket = Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        var at = (IPEndPoint)socket.LocalEndPoint!;
        bool? isFree = null;
        var sockets = new LinkSockets(new Owner { Closed = () => isFree = IsFree(at, SocketType.Stream, ProtocolType.Tcp) });
        sockets.Add(new OpenListener(sockets, socket, IPProtectionLevel.Unrestricted)).Dispose();
        Assert.That(isFree, Is.False, "the next listener at the port would be forgotten instead");
        Assert.That(IsFree(at, SocketType.Stream, ProtocolType.Tcp), Is.True);
    }

    [Test]
    public async Task Connection_EndedByTheEngine_TellsWhy_WhoeverAsksFirst()
    {
        using var listener = Bound(SocketType.Stream, ProtocolType.Tcp);
        listener.Listen();
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!);
        await using var connection = new LinkSockets(new Owner()).Adopt(await listener.AcceptAsync());
        connection.Abort(new(TeredoError.AddressChanged, "It changed."));
        await using var stream = new ConnectionStream(connection);
        foreach (var call in new TestDelegate[]
        {
            () => stream.ReadExactly(new byte[1]), () => stream.Write([1]), connection.CompleteWriting,
        })
            Assert.That(Assert.Throws<TeredoException>(call)!.Error, Is.EqualTo(TeredoError.AddressChanged));
    }

    static Socket Bound(SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        return socket;
    }

    static bool IsFree(IPEndPoint at, SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, type, protocol);
        try
        {
            socket.Bind(at);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }

    sealed class Owner : ISocketOwner
    {
        public Action Closed { get; init; } = () => { };
        public IPAddress? Address => IPAddress.IPv6Loopback;

        public void HandleOpened(OpenSocket socket)
        {
            // Nothing is held.
        }

        public void HandleClosed(OpenSocket socket) => Closed();
    }
}
