using System.Buffers.Binary;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Tests.Linux.Offload.OffloadPackets;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>The rules of joining, written for the reader and not for speed. It knows no limit of open flows.</summary>
static class CoalescerReference
{
    public static List<List<byte[]>> Join(IEnumerable<byte[]> packets)
    {
        List<List<byte[]>> runs = [];
        Dictionary<string, List<byte[]>> open = [];
        foreach (byte[] packet in packets)
        {
            string addresses = Convert.ToHexString(packet.AsSpan(8, 32));
            string flow = $"{addresses} {packet[6]} {Convert.ToHexString(packet.AsSpan(40, 4))}";
            if (packet[6] is not (NextHeader.Tcp or NextHeader.Udp))
            {
                foreach (string ended in open.Keys.Where(key => key.StartsWith(addresses, StringComparison.Ordinal)).ToList())
                    open.Remove(ended);
                runs.Add([packet]);
            }
            else if (open.TryGetValue(flow, out var run) && CanBePart(packet) && Follows(run, packet))
                run.Add(packet);
            else
            {
                run = [packet];
                runs.Add(run);
                if (CanBePart(packet))
                    open[flow] = run;
                else
                    open.Remove(flow);
            }
        }
        return runs;
    }

    static bool IsTcp(byte[] packet) => packet[6] == NextHeader.Tcp;

    static byte[] PayloadOf(byte[] packet) => packet[(40 + (IsTcp(packet) ? packet[52] / 16 * 4 : 8))..];

    static bool CanBePart(byte[] packet) =>
        HasRightChecksum(packet) && PayloadOf(packet).Length > 0 && (!IsTcp(packet) || packet[53] is Ack or (Ack | Psh));

    static bool Follows(List<byte[]> run, byte[] packet)
    {
        byte[] first = run[0], last = run[^1];
        int size = PayloadOf(first).Length;
        if (run.Count == (IsTcp(packet) ? 128 : 16) || PayloadOf(last).Length < size || PayloadOf(packet).Length > size
            || packet.Length - 40 + run.Sum(one => PayloadOf(one).Length) > 65535)
            return false;
        if (!IsTcp(packet))
            return SameHeaders(first, packet, 48);
        return last[53] == Ack && SequenceOf(packet) == unchecked(SequenceOf(last) + (uint)size) && SameHeaders(first, packet, first.Length - size);
    }

    static uint SequenceOf(byte[] packet) => BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(44));

    /// <summary>Whether the headers are equal but for the fields that differ from packet to packet.</summary>
    static bool SameHeaders(byte[] one, byte[] other, int length)
    {
        byte[] Without(byte[] packet)
        {
            byte[] header = packet[..length];
            header[4] = header[5] = 0;
            if (IsTcp(packet))
            {
                header.AsSpan(44, 4).Clear(); // sequence number
                header.AsSpan(56, 2).Clear(); // checksum
                header[53] &= 255 - Psh;
            }
            else
                header.AsSpan(44, 4).Clear(); // length and checksum
            return header;
        }

        return Without(one).SequenceEqual(Without(other));
    }
}

/// <summary>An endless stream of packets of some flows, most of which continue their flow, and some of which are odd in one way or other.</summary>
sealed class PacketStream(Random random)
{
    readonly uint[] _sequences = [.. Enumerable.Range(0, 4).Select(_ => (uint)random.NextInt64(1L << 32))];
    readonly int _size = random.Next(1, 100);
    uint _time = 5;

    public IEnumerable<byte[]> Take(int count) => Enumerable.Range(0, count).Select(_ => Next());

    byte[] Next()
    {
        int flow = random.Next(8);
        int size = random.Next(10) switch { 0 => random.Next(0, _size), 1 => random.Next(_size, 120), _ => _size };
        byte[] payload = new byte[size];
        random.NextBytes(payload);
        if (random.Next(20) == 0)
            _time++;
        byte[] packet;
        if (flow < 4)
        {
            byte flags = random.Next(20) switch { 0 => Ack | Psh, 1 => (byte)random.Next(256), _ => Ack };
            packet = Tcp(_sequences[flow], payload, flags, flow % 2 == 0 ? Timestamps(_time) : [], (ushort)(flow % 3));
            if (random.Next(20) != 0)
                _sequences[flow] += (uint)size;
        }
        else
            packet = Udp(payload, (ushort)(flow % 3));
        switch (random.Next(30))
        {
            case 0: // without a right checksum
                packet[random.Next(44, packet.Length)] ^= (byte)(1 << random.Next(8));
                if (packet[6] == NextHeader.Tcp)
                    packet[52] = (byte)(flow % 2 == 0 ? 0x80 : 0x50);
                break;
            case 1: // another header
                packet[random.Next(2) == 0 ? 7 : 3]--;
                SetChecksum(packet);
                break;
            case 2:
                packet[6] = NextHeader.Icmpv6;
                break;
            case 3:
                packet[1] |= 0x30; // RFC 3168 §5: congestion experienced
                SetChecksum(packet);
                break;
        }
        return packet;
    }
}
