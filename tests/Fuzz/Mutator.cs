using System.Buffers.Binary;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>Spoils datagrams: octets anywhere, and the fields that decide what a core does.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="addresses">IPv6 addresses worth trying.</param>
/// <param name="endpoints">IPv4 endpoints worth trying.</param>
public sealed class Mutator(Random random, IReadOnlyList<IPv6Address> addresses, IReadOnlyList<IPv4Endpoint> endpoints)
{
    static readonly byte[] NextHeaders = [0, 6, 17, 43, 44, 58, 59, 60, 255];
    static readonly byte[] TrailerTypes = [0, 1, 2, 3, 4, 5, 0x41, 0x7F, 0x81, 0xC1, 0xFF];
    static readonly byte[] MessageTypes = [1, 3, 127, 128, 129, 133, 134, 135, 136];
    const int MaximumSize = 2000;

    /// <summary>Makes one to three changes; the checksum is often put right afterwards.</summary>
    public byte[] Mutate(byte[] datagram)
    {
        for (int changes = random.Next(1, 4); changes > 0; changes--)
            datagram = Change(datagram);
        if (random.Next(4) > 0)
            Repair(datagram);
        return datagram.Length <= MaximumSize ? datagram : datagram[..MaximumSize];
    }

    /// <summary>Gives a datagram other IPv6 addresses and a right checksum.</summary>
    public static byte[] Readdress(byte[] datagram, IPv6Address source, IPv6Address destination)
    {
        if (Packet(datagram) is not { } at)
            return datagram;
        datagram = [.. datagram];
        source.Write(datagram.AsSpan(at + 8));
        destination.Write(datagram.AsSpan(at + 24));
        Craft.FixChecksum(datagram.AsSpan(at));
        return datagram;
    }

    byte[] Change(byte[] datagram)
    {
        switch (random.Next(12))
        {
            case 0:
                return FlipBits(datagram);
            case 1:
                return datagram[..random.Next(datagram.Length + 1)];
            case 2:
                return [.. datagram, .. Octets(random.Next(1, 60))];
            case 3 or 4:
                return [.. datagram, .. Trailer()];
            case 5:
                return Splice(datagram, Corpus.Payloads[random.Next(Corpus.Payloads.Count)]);
            case 6:
                return [.. Header(), .. datagram];
            default:
                return Packet(datagram) is { } at ? ChangeField([.. datagram], at) : FlipBits(datagram);
        }
    }

    byte[] ChangeField(byte[] datagram, int at)
    {
        switch (random.Next(9))
        {
            case 0:
                datagram[at + 6] = Pick(NextHeaders);
                break;
            case 1:
                datagram[at + 7] = (byte)(random.Next(3) == 0 ? random.Next(256) : random.Next(3));
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(at + 4), (ushort)(random.Next(2) == 0 ? random.Next(65536) : random.Next(100)));
                break;
            case 3 or 4:
                Pick(addresses).Write(datagram.AsSpan(at + (random.Next(2) == 0 ? 8 : 24)));
                break;
            case 5 or 6:
                Embed(datagram.AsSpan(at + (random.Next(2) == 0 ? 8 : 24), 16));
                break;
            case 7 when datagram.Length > at + 41:
                datagram[at + 40] = Pick(MessageTypes);
                break;
            default:
                datagram[at + random.Next(40)] ^= (byte)(1 << random.Next(8));
                break;
        }
        return datagram;
    }

    // An endpoint or a server that a Teredo address embeds.
    void Embed(Span<byte> address)
    {
        var endpoint = Pick(endpoints);
        if (random.Next(3) == 0)
            endpoint.Address.Write(address[4..]);
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(address[10..], (ushort)~endpoint.Port);
            new IPv4Address(~endpoint.Address.Value).Write(address[12..]);
        }
    }

    byte[] Trailer() => random.Next(6) switch
    {
        0 => Craft.Nonce((uint)random.NextInt64()),
        1 => Craft.RandomPort(Pick(endpoints).Port),
        2 => Craft.NeighborDiscovery(random.Next(3)),
        3 => Craft.Alternates([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pick(endpoints))]),
        4 => [Pick(TrailerTypes), (byte)random.Next(256)],
        _ => Craft.Trailer(Pick(TrailerTypes), Octets(random.Next(30))),
    };

    byte[] Header()
    {
        byte[] header = new byte[Authentication.MinimumSize];
        switch (random.Next(3))
        {
            case 0:
                return header[..OriginIndication.Write(header, Pick(endpoints))];
            case 1:
                return header[..Authentication.Write(header, (ulong)random.NextInt64())];
            default:
                return [0, 1, (byte)random.Next(256), (byte)random.Next(256), .. Octets(random.Next(64))];
        }
    }

    byte[] FlipBits(byte[] datagram)
    {
        datagram = [.. datagram];
        for (int flips = random.Next(1, 9); flips > 0 && datagram.Length > 0; flips--)
            datagram[random.Next(datagram.Length)] ^= (byte)(1 << random.Next(8));
        return datagram;
    }

    byte[] Splice(byte[] head, byte[] tail) => [.. head[..random.Next(head.Length + 1)], .. tail[random.Next(tail.Length)..]];

    byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        random.NextBytes(octets);
        return octets;
    }

    static void Repair(byte[] datagram)
    {
        if (Packet(datagram) is { } at)
            Craft.FixChecksum(datagram.AsSpan(at));
    }

    static int? Packet(byte[] datagram) => Encapsulation.TryParse(datagram, out var parsed, out _) ? parsed.PacketOffset : null;

    T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];
}
