using System.Buffers.Binary;
using System.Globalization;
using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>A segment as timelines write it: "SA 0 ack 1 win 65535 mss 1220", "A 1+100 ack 1", "R 101". Numbers count from the initial ones.</summary>
/// <remarks>
/// First the control bits (S, F, R, P, A, U, E, C), then the sequence number with the payload's length, then what else matters: ack, win, mss, ws, ts
/// (value/echo), sack (start-end,start-end), urg, ecn, and sackok, which stands alone. What an expected segment does not name may be anything, but for the control bits: of
/// those PUSH alone may be there unnamed.
/// </remarks>
sealed class Segment
{
    const string Letters = "FSRPAUEC";

    public TcpFlags Flags { get; private init; }
    public long Sequence { get; private init; }
    public int Length { get; private init; }
    Dictionary<string, string> Fields { get; } = [];

    public long? Number(string field) => Fields.TryGetValue(field, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) : null;

    public bool Has(string field) => Fields.ContainsKey(field);

    public string this[string field] { get => Fields[field]; set => Fields[field] = value; }

    public static Segment Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] range = parts[1].Split('+');
        var segment = new Segment
        {
            Flags = parts[0] == "-" ? TcpFlags.None : (TcpFlags)parts[0].Sum(letter => 1 << (Letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var bit ? bit : throw new FormatException(text))),
            Sequence = long.Parse(range[0], CultureInfo.InvariantCulture),
            Length = range.Length > 1 ? int.Parse(range[1], CultureInfo.InvariantCulture) : 0,
        };
        for (int i = 2; i < parts.Length; i++)
            segment[parts[i]] = parts[i] is "nots" || (parts[i] == "sackok" && parts.ElementAtOrDefault(i + 1) != "none") ? "" : parts[++i];
        return segment;
    }

    /// <summary>What a packet holds, with numbers that count from the two initial ones.</summary>
    public static Segment Of(in TcpSegment packet, uint start, uint peerStart)
    {
        var segment = new Segment { Flags = packet.Flags, Sequence = (int)(packet.Sequence - start), Length = packet.Payload.Length };
        if (packet.Has(TcpFlags.Ack))
            segment["ack"] = Text((int)(packet.Acknowledgment - peerStart));
        segment["win"] = Text(packet.Window);
        if (packet.MaxSegmentOctets != 0)
            segment["mss"] = Text(packet.MaxSegmentOctets);
        if (packet.WindowScale >= 0)
            segment["ws"] = Text(packet.WindowScale);
        if (packet.SackPermitted)
            segment["sackok"] = "";
        if (packet.HasTimestamps)
            segment["ts"] = $"{packet.Timestamp}/{packet.TimestampEcho}";
        List<string> blocks = [];
        for (int i = 0; i < packet.SackCount; i++)
            blocks.Add($"{(int)(packet.Sack(i).Start - peerStart)}-{(int)(packet.Sack(i).End - peerStart)}");
        if (blocks.Count > 0)
            segment["sack"] = string.Join(',', blocks);
        if (packet.Ecn != 0)
            segment["ecn"] = Text(packet.Ecn);
        return segment;
    }

    /// <summary>Whether this is the expected segment: "none" as a value means that the field must not be there.</summary>
    public bool Is(Segment expected)
    {
        var flags = Flags & ~(expected.Flags.HasFlag(TcpFlags.Push) ? 0 : TcpFlags.Push);
        return flags == expected.Flags && Sequence == expected.Sequence && Length == expected.Length
            && expected.Fields.All(field => field.Value == "none" ? !Has(field.Key) : Fields.TryGetValue(field.Key, out string? value) && value == field.Value);
    }

    /// <summary>The packet of a peer.</summary>
    public byte[] ToPacket(TcpFlow flow, uint start, uint peerStart, byte[] payload)
    {
        var header = new TcpHeader
        {
            Flow = flow,
            Sequence = start + (uint)Sequence,
            Acknowledgment = Has("ack") ? peerStart + (uint)Number("ack")!.Value : 0,
            Flags = Flags,
            Window = (ushort)(Number("win") ?? ushort.MaxValue),
            MaxSegmentOctets = (ushort)(Number("mss") ?? 0),
            WindowScale = (int)(Number("ws") ?? -1),
            SackPermitted = Has("sackok"),
            HasTimestamps = Has("ts"),
            Ecn = (byte)(Number("ecn") ?? 0),
        };
        if (Has("ts"))
            (header.Timestamp, header.TimestampEcho) = (uint.Parse(this["ts"].Split('/')[0], CultureInfo.InvariantCulture), uint.Parse(this["ts"].Split('/')[1], CultureInfo.InvariantCulture));
        foreach (string block in Has("sack") ? this["sack"].Split(',') : [])
        {
            long[] ends = [.. block.Split('-').Select(end => long.Parse(end, CultureInfo.InvariantCulture))];
            header.Sack[header.SackCount++] = (peerStart + (uint)ends[0], peerStart + (uint)ends[1]);
        }
        byte[] packet = new byte[header.Length + payload.Length];
        ulong sum = header.Write(packet);
        payload.CopyTo(packet, header.Length);
        header.Complete(packet, sum, header.Sequence, Flags);
        if (Has("urg"))
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(IPv6Packet.HeaderSize + 18), (ushort)Number("urg")!.Value);
            Seal(packet);
        }
        return packet;
    }

    /// <summary>Makes the checksum of a packet right again.</summary>
    public static void Seal(byte[] packet)
    {
        var tcp = packet.AsSpan(IPv6Packet.HeaderSize);
        tcp[16..18].Clear();
        ulong sum = InternetChecksum.PseudoHeader(IPv6Address.Read(packet.AsSpan(8)), IPv6Address.Read(packet.AsSpan(24)), NextHeader.Tcp, tcp.Length) + InternetChecksum.Sum(tcp);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], (ushort)~InternetChecksum.Fold(sum));
    }

    public override string ToString()
    {
        string letters = string.Concat(Letters.Where((_, bit) => ((int)Flags >> bit & 1) != 0));
        return $"{(letters.Length > 0 ? letters : "-")} {Sequence}{(Length > 0 ? $"+{Length}" : "")} {string.Join(' ', Fields.Select(field => $"{field.Key} {field.Value}".Trim()))}";
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
