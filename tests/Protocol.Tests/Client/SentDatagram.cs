using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>A datagram that the client under test sent, with its parts decoded.</summary>
sealed class SentDatagram
{
    readonly int _offset;
    readonly TrailerSet _trailers;

    /// <param name="at">When it was sent.</param>
    /// <param name="via">From which socket.</param>
    /// <param name="target">Where to.</param>
    /// <param name="ttl">The IPv4 TTL, 0 for the default.</param>
    /// <param name="payload">The UDP payload.</param>
    /// <param name="isHostPacket">Whether it is a packet of the host, sent by a verdict.</param>
    public SentDatagram(Instant at, LocalPort via, IPv4Endpoint target, byte ttl, byte[] payload, bool isHostPacket)
    {
        At = at;
        Via = via;
        Target = target;
        Ttl = ttl;
        Payload = payload;
        IsHostPacket = isHostPacket;
        Assert.That(Encapsulation.TryParse(payload, out var parts, out var reason), Is.True, () => $"the client sent garbage: {reason}");
        _offset = parts.PacketOffset;
        PacketLength = parts.Packet.Length;
        AuthenticationNonce = parts.HasAuthentication ? parts.Authentication.Nonce : null;
        HasOrigin = parts.HasOrigin;
        Assert.That(TrailerSet.TryParse(parts.TrailerOctets, out _trailers), Is.True, "the client sent a trailer that discards the packet");
    }

    public Instant At { get; }
    public double Seconds => At.SinceStart.TotalSeconds;
    public LocalPort Via { get; }
    public IPv4Endpoint Target { get; }
    public byte Ttl { get; }
    public byte[] Payload { get; }
    public bool IsHostPacket { get; }
    public bool HasOrigin { get; }

    /// <summary>The nonce of the authentication header, or null without one.</summary>
    public ulong? AuthenticationNonce { get; }

    int PacketLength { get; }

    /// <summary>The IPv6 packet without headers before it and trailers behind it.</summary>
    public byte[] PacketOctets => Payload[_offset..(_offset + PacketLength)];
    public byte[] TrailerOctets => Payload[(_offset + PacketLength)..];
    public IPv6Address InnerSource => IPv6Address.Read(PacketOctets.AsSpan(8));
    public IPv6Address InnerDestination => IPv6Address.Read(PacketOctets.AsSpan(24));
    public byte NextHeaderNumber => Payload[_offset + 6];
    public byte HopLimit => Payload[_offset + 7];

    public bool IsRouterSolicitation => Parse(out var packet) && RouterSolicitation.Matches(packet);
    public bool IsBubble => Parse(out var packet) && packet.IsBubble;
    public bool IsEchoRequest => NextHeaderNumber == NextHeader.Icmpv6 && PacketLength >= 48 && PacketOctets[40] == (byte)Icmpv6Type.EchoRequest;

    /// <summary>Whether it is a bubble through a server.</summary>
    public bool IsIndirectBubble => IsBubble && Target.Port == TeredoPorts.Server && !InnerDestination.IsMulticast;

    /// <summary>Whether it is a bubble to the peer itself.</summary>
    public bool IsDirectBubble => IsBubble && Target.Port != TeredoPorts.Server;

    public uint? TrailerNonce => _trailers.Nonce;
    public ushort? RandomPort => _trailers.RandomPort;
    public NeighborDiscoveryType? NeighborDiscovery => _trailers.NeighborDiscovery;
    public bool HasTrailers => Payload.Length > _offset + PacketLength;

    public IPv4Endpoint[] AlternateAddresses
    {
        get
        {
            var trailers = _trailers;
            return trailers.AlternateAddresses.ToArray();
        }
    }

    /// <summary>Identifier, sequence number and data of an Echo Request.</summary>
    public (ushort Identifier, ushort Sequence, byte[] Data) Echo
    {
        get
        {
            if (!Parse(out var packet) || !Icmpv6Message.TryParse(packet, out var message) || !EchoMessage.TryParse(message, out var echo))
                throw new AssertionException($"no echo message with a good checksum: {this}");
            return (echo.Identifier, echo.Sequence, echo.Data.ToArray());
        }
    }

    public override string ToString()
    {
        string what = IsRouterSolicitation ? "RS" : IsBubble ? "bubble" : IsEchoRequest ? "echo request" : $"packet({NextHeaderNumber})";
        return $"{At}: {what} via {Via} to {Target} ttl {Ttl}, {InnerSource} > {InnerDestination}"
            + (HasTrailers ? $", trailers {Convert.ToHexString(TrailerOctets)}" : "");
    }

    bool Parse(out IPv6Packet packet) => IPv6Packet.TryParse(Payload.AsSpan(_offset), out packet);
}
