namespace TeredoSdk.Protocol.Wire;

/// <summary>The parts of a UDP datagram: an authentication header, an origin indication, an IPv6 packet, and trailers.</summary>
/// <remarks>
/// Source: RFC 4380 §5.1.1, RFC 6081 §4. Each header occurs at most once, and only in this order. This is a view, and valid only as long as the
/// datagram.
/// </remarks>
public readonly ref struct Encapsulation
{
    readonly ReadOnlySpan<byte> _datagram;

    Encapsulation(ReadOnlySpan<byte> datagram, Authentication authentication, bool hasAuthentication,
        OriginIndication origin, bool hasOrigin, int packetOffset, IPv6Packet packet)
    {
        _datagram = datagram;
        Authentication = authentication;
        HasAuthentication = hasAuthentication;
        Origin = origin;
        HasOrigin = hasOrigin;
        PacketOffset = packetOffset;
        Packet = packet;
    }

    /// <summary>Whether the datagram starts with an authentication header.</summary>
    public bool HasAuthentication { get; }

    /// <summary>The authentication header. Read it only when <see cref="HasAuthentication"/> is true.</summary>
    public Authentication Authentication { get; }

    /// <summary>Whether there is an origin indication before the IPv6 packet.</summary>
    public bool HasOrigin { get; }

    /// <summary>The origin indication. Read it only when <see cref="HasOrigin"/> is true.</summary>
    public OriginIndication Origin { get; }

    /// <summary>The start of the IPv6 packet in the datagram, in octets.</summary>
    public int PacketOffset { get; }

    /// <summary>The IPv6 packet, exactly as long as its header says.</summary>
    public IPv6Packet Packet { get; }

    /// <summary>The octets after the IPv6 packet: trailers that are not parsed yet (RFC 6081 §4).</summary>
    public ReadOnlySpan<byte> TrailerOctets => _datagram[(PacketOffset + Packet.Length)..];

    /// <summary>The IPv6 packet with its trailers, as a server forwards them (RFC 6081 §4.1).</summary>
    public ReadOnlySpan<byte> PacketAndTrailers => _datagram[PacketOffset..];

    /// <summary>Parses a datagram.</summary>
    /// <param name="datagram">The UDP payload.</param>
    /// <param name="encapsulation">The parts.</param>
    /// <param name="reason">Why the datagram is malformed; <see cref="DropReason.None"/> on success.</param>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out Encapsulation encapsulation, out DropReason reason)
    {
        encapsulation = default;
        Authentication authentication = default;
        OriginIndication origin = default;
        bool hasAuthentication = false, hasOrigin = false;
        int at = 0;
        // The first two octets tell the kind: 6x is an IPv6 packet, 00 01 authentication, 00 00 an origin indication (RFC 4380 §5.1.1).
        if (datagram.Length >= 2 && datagram[0] == 0)
        {
            if (datagram[1] == 1)
            {
                if (!Authentication.TryParse(datagram, out authentication))
                {
                    reason = DropReason.MalformedAuthentication;
                    return false;
                }
                hasAuthentication = true;
                at = authentication.Size;
            }
            var rest = datagram[at..];
            if (rest.Length >= 2 && rest[0] == 0 && rest[1] == 0)
            {
                if (!OriginIndication.TryParse(rest, out origin))
                {
                    reason = DropReason.MalformedOrigin;
                    return false;
                }
                hasOrigin = true;
                at += OriginIndication.Size;
            }
        }
        if (!IPv6Packet.TryParse(datagram[at..], out var packet))
        {
            reason = DropReason.MalformedPacket;
            return false;
        }
        encapsulation = new(datagram, authentication, hasAuthentication, origin, hasOrigin, at, packet);
        reason = DropReason.None;
        return true;
    }
}
