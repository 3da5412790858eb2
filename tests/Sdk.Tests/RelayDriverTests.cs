using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>The driver of a relay, between a native host and a Teredo client of which the test plays both the sockets and the server.</summary>
public sealed class RelayDriverTests
{
    static readonly IPv6Address Native = IPv6Address.Parse("2001:db8::1");
    static readonly IPv4Endpoint Client = IPv4Endpoint.Parse("203.0.113.66:40000"), Server = IPv4Endpoint.Parse($"{Lab.ServerAddress}:{TeredoPorts.Server}");
    static readonly IPv6Address Teredo = new TeredoAddress(Server.Address, TeredoFlags.None, Client).ToIPv6Address();

    readonly List<byte[]> _toClient = [], _toServer = [], _delivered = [];

    [SetUp]
    public void Forget()
    {
        foreach (var list in new[] { _toClient, _toServer, _delivered })
            list.Clear();
    }

    [Test]
    public async Task Packets_GoBothWays_OnceTheClientHasAnswered()
    {
        await using var lab = new Lab();
        await using var relay = Start(lab);
        using var server = Open(lab, Server, _toServer);
        using var client = Open(lab, Client, _toClient);
        Assert.That(relay.Send(Packet(Native, Teredo)).Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That((_toServer.Count, _toClient.Count(octets => !IsBubble(octets))), Is.EqualTo((1, 0)), "a bubble goes first");
        client.Send(relay.LocalEndpoint, Bubble(), 0);
        Assert.That(_toClient.Last(), Is.EqualTo(Packet(Native, Teredo)));
        Assert.That(relay.Send(Packet(Native, Teredo)).Kind, Is.EqualTo(VerdictKind.Send), "the client is known now");
        Assert.That(_toClient.Count(octets => !IsBubble(octets)), Is.EqualTo(2));
        client.Send(relay.LocalEndpoint, Packet(Teredo, Native), 0);
        Assert.That(_delivered, Is.EqualTo(new[] { Packet(Teredo, Native) }));
        Assert.That((relay.PeerCount, relay.CopyDrops().Count), Is.EqualTo((1, 0)));

        await relay.DisposeAsync().InTime();
        Assert.That(relay.Send(Packet(Native, Teredo)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(relay.CopyDrops(), Is.Empty, "the core was not asked");
    }

    [Test]
    public async Task ClientThatIsSilent_TheNativeHostIsTold()
    {
        await using var lab = new Lab();
        await using var relay = Start(lab);
        relay.Send(Packet(Native, Teredo));
        lab.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.That(_delivered, Has.Count.EqualTo(1));
        Assert.That(IPv6Packet.TryParse(_delivered[0], out var packet) && Icmpv6Message.TryParse(packet, out var message) && message.IsError);
        Assert.That(_delivered[0].AsSpan()[^Packet(Native, Teredo).Length..].ToArray(), Is.EqualTo(Packet(Native, Teredo)), "the packet that caused it");
    }

    RelayDriver Start(Lab lab) => new(new() { ServedPrefixes = [new(Native, 64)], AllowPrivateAddresses = true },
        new(lab.Network.Host("203.0.113.50"), lab.NextRandom()), IPv4Endpoint.Parse("203.0.113.50:0"), lab.Time,
        (buffer, packets) =>
        {
            foreach (var packet in packets)
                _delivered.Add(packet.In(buffer).ToArray());
        }, NullLogger.Instance);

    static IUdpTransport Open(Lab lab, IPv4Endpoint at, List<byte[]> received) =>
        lab.Network.Host($"{at.Address}").Open(at, Datagrams.Each((_, payload) => received.Add(payload.ToArray())));

    static byte[] Packet(IPv6Address from, IPv6Address to)
    {
        byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + 1];
        UdpDatagram.WritePacket(packet, from, 7, to, 8, [42]);
        return packet;
    }

    static byte[] Bubble()
    {
        byte[] bubble = new byte[IPv6Packet.HeaderSize];
        (bubble[0], bubble[6], bubble[7]) = (0x60, NextHeader.None, 64);
        Teredo.Write(bubble.AsSpan(8));
        Native.Write(bubble.AsSpan(24));
        return bubble;
    }

    static bool IsBubble(byte[] octets) => Encapsulation.TryParse(octets, out var encapsulation, out _) && encapsulation.Packet.IsBubble;
}
