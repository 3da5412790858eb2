using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace TeredoSdk.Protocol.Wire;

/// <summary>Type numbers of the trailers (RFC 6081 §4).</summary>
public static class TrailerType
{
    /// <summary>Nonce, four octets (§4.2).</summary>
    public const byte Nonce = 0x01;
    /// <summary>Alternate addresses, 8 to 26 octets (§4.3).</summary>
    public const byte AlternateAddress = 0x03;
    /// <summary>Neighbor discovery option, four octets (§4.4).</summary>
    public const byte NeighborDiscovery = 0x04;
    /// <summary>Random port, two octets, by §4.5. This number is sent.</summary>
    public const byte RandomPort = 0x05;
    /// <summary>Random port by the table of §9. This number is accepted on receipt, too.</summary>
    public const byte RandomPortIana = 0x02;
}

/// <summary>The meaning of a neighbor discovery trailer (RFC 6081 §4.4).</summary>
public enum NeighborDiscoveryType : byte
{
    /// <summary>A solicitation: it asks whether the peer is still there.</summary>
    Solicitation = 0,
    /// <summary>An advertisement: the answer to a solicitation.</summary>
    Advertisement = 1,
}

/// <summary>Up to four alternate endpoints of a peer, in the peer's order (RFC 6081 §4.3).</summary>
[InlineArray(Capacity)]
struct AlternateAddressList
{
    /// <summary>The largest number of endpoints in a trailer.</summary>
    public const int Capacity = 4;

    IPv4Endpoint _first;
}

/// <summary>The decoded trailers after an IPv6 packet.</summary>
/// <remarks>
/// Source: RFC 6081 §4 and §5.1.2. This is a value, and stays valid without the datagram. Trailers are processed in order; of two trailers of one
/// type, the last one counts.
/// </remarks>
public struct TrailerSet
{
    /// <summary>The largest number of trailers that are read; further ones are ignored.</summary>
    public const int MaximumCount = 16;

    AlternateAddressList _alternates;

    /// <summary>The nonce, or null (§4.2).</summary>
    public uint? Nonce { get; private set; }

    /// <summary>The port number that the sender's NAT is predicted to use, or null (§4.5).</summary>
    public ushort? RandomPort { get; private set; }

    /// <summary>The neighbor discovery option, or null (§4.4).</summary>
    public NeighborDiscoveryType? NeighborDiscovery { get; private set; }

    /// <summary>How many alternate addresses there are, 0 to 4 (§4.3).</summary>
    public int AlternateAddressCount { get; private set; }

    /// <summary>
    /// Whether an alternate address trailer with a valid length broke a rule of §4.3. §5.6.4.2 demands that the bubble is dropped then.
    /// </summary>
    public bool HasMalformedAlternateAddress { get; private set; }

    /// <summary>The alternate addresses; valid as long as this value is not moved.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<IPv4Endpoint> AlternateAddresses => ((ReadOnlySpan<IPv4Endpoint>)_alternates)[..AlternateAddressCount];

    /// <summary>Decodes the octets after an IPv6 packet.</summary>
    /// <returns>False when the packet must be discarded, because there is an unknown trailer with the type bits 01 (§4).</returns>
    public static bool TryParse(ReadOnlySpan<byte> octets, out TrailerSet trailers)
    {
        trailers = default;
        for (int count = 0; octets.Length >= 2 && count < MaximumCount; count++)
        {
            byte type = octets[0];
            int length = octets[1];
            if (octets.Length < 2 + length)
                return true; // §5.1.2: stops at a malformed trailer, and keeps the packet and earlier trailers
            if (type >> 6 == 1)
                return false; // §4: an unknown trailer with top bits 01 discards the packet, and no known one has these; other unknown ones are skipped
            trailers.Take(type, octets.Slice(2, length));
            octets = octets[(2 + length)..];
        }
        return true;
    }

    void Take(byte type, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case TrailerType.Nonce when value.Length == 4:
                Nonce = BinaryPrimitives.ReadUInt32BigEndian(value);
                break;
            case TrailerType.RandomPort or TrailerType.RandomPortIana when value.Length == 2 && BinaryPrimitives.ReadUInt16BigEndian(value) is var port and not 0:
                RandomPort = port; // §5.4.1: 0 means "none"
                break;
            case TrailerType.NeighborDiscovery when value.Length == 4 && value[0] <= 1:
                NeighborDiscovery = (NeighborDiscoveryType)value[0];
                break;
            case TrailerType.AlternateAddress:
                TakeAlternateAddresses(value);
                break;
        }
    }

    void TakeAlternateAddresses(ReadOnlySpan<byte> value)
    {
        // §4.3: the value has 8, 14, 20 or 26 octets: two reserved octets of 0, then one to four addresses with ports.
        bool valid = value.Length is 8 or 14 or 20 or 26 && value[0] == 0 && value[1] == 0;
        int count = valid ? value.Length / 6 : 0;
        for (int i = 0; i < count; i++)
        {
            var entry = value[(2 + 6 * i)..];
            var address = IPv4Address.Read(entry);
            ushort port = BinaryPrimitives.ReadUInt16BigEndian(entry[4..]);
            valid &= port != 0 && !address.IsUnspecified && address.Value >> 28 < 0xE; // unicast, port not 0
            _alternates[i] = new(address, port);
        }
        AlternateAddressCount = valid ? count : 0;
        HasMalformedAlternateAddress |= !valid;
    }

    /// <summary>Writes a nonce trailer (§4.2).</summary>
    /// <returns>The number of octets written.</returns>
    public static int WriteNonce(Span<byte> octets, uint nonce)
    {
        octets[0] = TrailerType.Nonce;
        octets[1] = 4;
        BinaryPrimitives.WriteUInt32BigEndian(octets[2..], nonce);
        return 6;
    }

    /// <summary>Writes a random port trailer (§4.5).</summary>
    /// <returns>The number of octets written.</returns>
    public static int WriteRandomPort(Span<byte> octets, ushort port)
    {
        octets[0] = TrailerType.RandomPort;
        octets[1] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(octets[2..], port);
        return 4;
    }

    /// <summary>Writes a neighbor discovery trailer (§4.4).</summary>
    /// <returns>The number of octets written.</returns>
    public static int WriteNeighborDiscovery(Span<byte> octets, NeighborDiscoveryType type)
    {
        octets[0] = TrailerType.NeighborDiscovery;
        octets[1] = 4;
        BinaryPrimitives.WriteUInt32BigEndian(octets[2..], (uint)type << 24);
        return 6;
    }

    /// <summary>Writes an alternate address trailer (§4.3).</summary>
    /// <param name="octets">The destination buffer.</param>
    /// <param name="addresses">One to four endpoints; RFC 6081 says that more than two SHOULD NOT be sent.</param>
    /// <returns>The number of octets written.</returns>
    public static int WriteAlternateAddresses(Span<byte> octets, ReadOnlySpan<IPv4Endpoint> addresses)
    {
        ArgumentOutOfRangeException.ThrowIfZero(addresses.Length, nameof(addresses));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(addresses.Length, AlternateAddressList.Capacity, nameof(addresses));
        octets[0] = TrailerType.AlternateAddress;
        octets[1] = (byte)(2 + 6 * addresses.Length);
        octets[2] = octets[3] = 0;
        for (int i = 0; i < addresses.Length; i++)
        {
            addresses[i].Address.Write(octets[(4 + 6 * i)..]);
            BinaryPrimitives.WriteUInt16BigEndian(octets[(8 + 6 * i)..], addresses[i].Port);
        }
        return 4 + 6 * addresses.Length;
    }
}
