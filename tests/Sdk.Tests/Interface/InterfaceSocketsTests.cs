using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.Interface;

/// <summary>Sockets that are tied to an interface, on the machine's loopback.</summary>
[Platform("Linux")]
public sealed class InterfaceSocketsTests
{
    // Of its address only what is bound is looked at; loopback stands for it.
    static readonly TeredoInterface Loopback = Named("lo");

    static TeredoInterface Named(string name) => new(name, 1, 1280, TeredoAddress.TryCreate(IPv6Address.Parse("2001:0:c000:201::1"), out var address) ? address : default);

    [Test]
    public async Task Listener_HearsWhoComesOverTheInterface_AtAnyOfItsAddresses()
    {
        using var listener = InterfaceSockets.Listen(Loopback, 0, 1);
        var at = (IPEndPoint)listener.LocalEndPoint!;
        Assert.That(at.Address, Is.EqualTo(IPAddress.IPv6Any), "it stays when the address changes");
        Assert.That(listener.DualMode, Is.False);
        using var caller = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await caller.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, at.Port)).InTime();
        using var accepted = await listener.AcceptAsync().InTime();
        Assert.That(accepted.RemoteEndPoint, Is.EqualTo(caller.LocalEndPoint));
    }

    [Test]
    public void Interface_ThatIsGone_TiesNothing()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        Assert.That(InterfaceSockets.TieToDevice(socket, Named("no-such-link")), Is.False);
        Assert.That(InterfaceSockets.TieToDevice(socket, Loopback));
        var e = Assert.Throws<TeredoException>(() => InterfaceSockets.BindDatagrams(Named("no-such-link"), 0))!; // at an address that is not here
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
    }

    [Test]
    public void Connect_StartsAtTheAddressOfTheInterface() =>
        Assert.That(() => InterfaceSockets.ConnectAsync(Loopback, new(IPAddress.IPv6Loopback, 1), default), Throws.InstanceOf<SocketException>()
            .With.Property(nameof(SocketException.SocketErrorCode)).EqualTo(SocketError.AddressNotAvailable), "it is not here");

    [Test]
    public void Datagrams_AreNeverSentInFragments()
    {
        using var socket = InterfaceSockets.BindDatagrams(Loopback, 0);
        byte[] value = new byte[4];
        socket.GetRawSocketOption(41, 62, value); // IPV6_DONTFRAG
        Assert.That(BitConverter.ToInt32(value), Is.EqualTo(1));
        Assert.That(((IPEndPoint)socket.LocalEndPoint!).Address, Is.EqualTo(IPAddress.IPv6Any));
    }
}
