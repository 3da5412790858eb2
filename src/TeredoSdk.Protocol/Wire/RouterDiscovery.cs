using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Wire;

/// <summary>The link-local addresses of qualification (RFC 4380 §4, §5.3.2; RFC 5991 §3.2).</summary>
public static class TeredoLinkLocal
{
    const ulong Prefix = 0xFE80_0000_0000_0000;
    const ulong ConeBit = 0x8000_0000_0000_0000;

    /// <summary>fe80::ffff:ffff:ffff, a client's source for router solicitations: the cone bit is 0, and no address is embedded.</summary>
    public static IPv6Address Client { get; } = new(Prefix, 0x0000_FFFF_FFFF_FFFF);

    /// <summary>A server's own address. The cone bit is set, because the server is reachable without bubbles (RFC 5991 §3.2).</summary>
    public static IPv6Address Server(IPv4Address server) =>
        new(Prefix, ConeBit | (ulong)(TeredoPorts.Server ^ 0xFFFF) << 32 | ~server.Value);

    /// <summary>Whether the cone bit is set in a router solicitation's source.</summary>
    public static bool HasConeBit(IPv6Address source) => (source.Low & ConeBit) != 0;
}

/// <summary>The UDP ports that Teredo defines.</summary>
public static class TeredoPorts
{
    /// <summary>The port of every Teredo server (RFC 4380 §2.7), and of local discovery (§2.17).</summary>
    public const ushort Server = 3544;

    /// <summary>The first port of the stranger that checks reachability (docs/protocol §9). No standard names it.</summary>
    public const ushort Reflector = 3545;

    /// <summary>The stranger's second port.</summary>
    public const ushort OtherReflector = 3546;
}

/// <summary>The router solicitation that starts qualification.</summary>
/// <remarks>Source: RFC 4380 §5.2.1, RFC 4861 §4.1.</remarks>
public static class RouterSolicitation
{
    /// <summary>The size of the IPv6 packet, in octets.</summary>
    public const int Size = IPv6Packet.HeaderSize + 8;

    /// <summary>Writes a solicitation from a link-local source to all routers.</summary>
    /// <returns>The number of octets written, <see cref="Size"/>.</returns>
    public static int Write(Span<byte> octets, IPv6Address source)
    {
        IPv6Packet.WriteHeader(octets, 8, NextHeader.Icmpv6, 255, source, IPv6Address.AllRouters);
        octets[40..48].Clear();
        octets[40] = (byte)Icmpv6Type.RouterSolicitation;
        Icmpv6Message.WriteChecksum(octets[..Size]);
        return Size;
    }

    /// <summary>Whether a packet is a solicitation to all routers from a link-local source (RFC 4380 §5.3.1 rule 4).</summary>
    /// <remarks>The hop limit and the checksum are not checked: deployed clients get both wrong, and the answer reveals nothing.</remarks>
    public static bool Matches(in IPv6Packet packet) =>
        packet.NextHeader == NextHeader.Icmpv6 && packet.Payload.Length >= 8
        && packet.Payload[0] == (byte)Icmpv6Type.RouterSolicitation && packet.Payload[1] == 0
        && packet.Source.IsLinkLocal && packet.Destination == IPv6Address.AllRouters;
}

/// <summary>The router advertisement that answers a solicitation.</summary>
/// <remarks>
/// Source: RFC 4380 §5.2.1 and §5.3.2; RFC 4861 §4.2, §4.6.2, §4.6.4, §6.1.2. This is a value, and stays valid without the datagram.
/// </remarks>
public readonly record struct RouterAdvertisement
{
    /// <summary>The one advertised prefix, of length 64.</summary>
    public IPv6Prefix Prefix { get; init; }

    /// <summary>The advertised MTU; null when there is none, or when it is outside 1280 to 65467.</summary>
    public int? MtuOctets { get; init; }

    const int FixedSize = 16, PrefixOptionSize = 32, MtuOptionSize = 8;
    const byte PrefixOption = 3, MtuOption = 5;

    /// <summary>The size of the IPv6 packet that <see cref="Write"/> makes, in octets.</summary>
    public const int Size = IPv6Packet.HeaderSize + FixedSize + PrefixOptionSize + MtuOptionSize;

    /// <summary>The MTU that a server advertises (RFC 4380 §5.1.2).</summary>
    public const int DefaultMtuOctets = 1280;

    /// <summary>Parses an advertisement. Applies the rules of RFC 4861 §6.1.2, and "exactly one prefix" of RFC 4380 §5.2.1.</summary>
    /// <returns>False when a rule is broken: source, hop limit, checksum, code, option lengths, or number or length of prefixes.</returns>
    public static bool TryParse(in IPv6Packet packet, out RouterAdvertisement advertisement)
    {
        advertisement = default;
        if (!packet.Source.IsLinkLocal || packet.HopLimit != 255 || !Icmpv6Message.TryParse(packet, out var message)
            || message.Type != Icmpv6Type.RouterAdvertisement || message.Code != 0 || message.Octets.Length < FixedSize)
            return false;
        IPv6Prefix? prefix = null;
        int? mtu = null;
        for (var options = message.Octets[FixedSize..]; options.Length > 0;)
        {
            int length = options.Length >= 2 ? options[1] * 8 : 0;
            if (length == 0 || length > options.Length)
                return false; // RFC 4861 §6.1.2: every option has a length that is not 0
            if (options[0] == PrefixOption)
            {
                if (prefix is not null || length != PrefixOptionSize || options[2] != 64)
                    return false; // RFC 4380 §5.2.1: exactly one prefix
                prefix = new(IPv6Address.Read(options[16..]), 64);
            }
            else if (options[0] == MtuOption && length == MtuOptionSize)
            {
                uint value = BinaryPrimitives.ReadUInt32BigEndian(options[4..]);
                if (value is >= 1280 and <= 65507 - 40)
                    mtu = (int)value;
            }
            options = options[length..];
        }
        if (prefix is not { } found)
            return false;
        advertisement = new() { Prefix = found, MtuOctets = mtu };
        return true;
    }

    /// <summary>Writes the advertisement of a server (RFC 4380 §5.3.2).</summary>
    /// <param name="octets">The destination buffer.</param>
    /// <param name="server">The server's primary IPv4 address; the advertised prefix contains it.</param>
    /// <param name="destination">The solicitation's source address, unchanged.</param>
    /// <returns>The number of octets written, <see cref="Size"/>.</returns>
    public static int Write(Span<byte> octets, IPv4Address server, IPv6Address destination)
    {
        octets = octets[..Size];
        IPv6Packet.WriteHeader(octets, Size - IPv6Packet.HeaderSize, NextHeader.Icmpv6, 255, TeredoLinkLocal.Server(server), destination);
        var message = octets[IPv6Packet.HeaderSize..];
        message.Clear();
        message[0] = (byte)Icmpv6Type.RouterAdvertisement; // current hop limit, flags, lifetime and reachable time stay 0
        BinaryPrimitives.WriteUInt32BigEndian(message[12..], 2000); // retransmission timer, milliseconds
        var prefix = message[FixedSize..];
        prefix[0] = PrefixOption;
        prefix[1] = PrefixOptionSize / 8;
        prefix[2] = 64;
        prefix[3] = 0x40; // A: autonomous address configuration
        prefix.Slice(4, 8).Fill(0xFF); // both lifetimes: infinity
        BinaryPrimitives.WriteUInt64BigEndian(prefix[16..], (ulong)TeredoAddress.Prefix << 32 | server.Value);
        var mtu = message[(FixedSize + PrefixOptionSize)..];
        mtu[0] = MtuOption;
        mtu[1] = MtuOptionSize / 8;
        BinaryPrimitives.WriteUInt32BigEndian(mtu[4..], DefaultMtuOctets);
        Icmpv6Message.WriteChecksum(octets);
        return Size;
    }
}
