using System.Buffers.Binary;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

public sealed class PcapTests : SimulationTest
{
    [Test]
    public void WritePcap_ReadBack_IsWhatTheCoreCarried()
    {
        var nat = Internet.Nat(NatKind.Cone);
        var socket = nat.Host("inside").Bind();
        var remote = Internet.Host("x").Bind(1000);
        Internet.RunFor(TimeSpan.FromMilliseconds(1500));
        socket.Send(remote.LocalEndpoint, [1, 2, 3], ttl: 30);
        Internet.RunFor(Second);
        remote.Send(remote.Received[0].Source, [4, 5]);
        Internet.RunFor(Second);

        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, "pcap-test", "core.pcap");
        Internet.WritePcap(path);
        var records = Parse(File.ReadAllBytes(path));
        Assert.Multiple(() =>
        {
            Assert.That(records, Has.Count.EqualTo(2));
            Assert.That(records[0].Time, Is.EqualTo(Instant.FromSeconds(1.5)));
            Assert.That(records[0].Source, Is.EqualTo(remote.Received[0].Source));
            Assert.That(records[0].Target, Is.EqualTo(remote.LocalEndpoint));
            Assert.That(records[0].Ttl, Is.EqualTo(29), "the NAT took one");
            Assert.That(records[0].Payload, Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(records[1].Source, Is.EqualTo(remote.LocalEndpoint));
            Assert.That(records[1].Payload, Is.EqualTo(new byte[] { 4, 5 }));
        });
    }

    [Test]
    public void CaptureAt_Node_SeesWhatItSendsAndReceives()
    {
        var (host, other) = (Internet.Host("host"), Internet.Host("other").Bind(1000));
        var capture = Internet.CaptureAt(host);
        var socket = host.Bind(1000);
        socket.Send(other.LocalEndpoint, [1]);
        other.Send(socket.LocalEndpoint, [2]);
        other.Send(new(new(0x0B020063), 1), [3]);
        Internet.RunFor(Second);
        Assert.That(capture.Datagrams.Select(datagram => (datagram.Time.SinceStart.TotalSeconds, datagram.Payload.Span[0])),
            Is.EqualTo(new[] { (0, (byte)1), (0.05, (byte)2) }));
    }

    [Test]
    public void Capture_Full_ForgetsTheOldest()
    {
        var (socket, other) = (Internet.Host("host").Bind(), Internet.Host("other").Bind(1000));
        Internet.Capture.Capacity = 3;
        for (byte i = 0; i < 10; i++)
            socket.Send(other.LocalEndpoint, [i]);
        Assert.That(Internet.Capture.Datagrams.Select(datagram => (int)datagram.Payload.Span[0]), Is.EqualTo(Enumerable.Range(7, 3)));
    }

    readonly record struct Record(Instant Time, IPv4Endpoint Source, IPv4Endpoint Target, byte Ttl, byte[] Payload);

    static List<Record> Parse(ReadOnlySpan<byte> file)
    {
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(file), Is.EqualTo(0xA1B2C3D4));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(file[20..]), Is.EqualTo(101));
        List<Record> records = [];
        for (var rest = file[24..]; rest.Length > 0;)
        {
            double time = BinaryPrimitives.ReadUInt32LittleEndian(rest) + BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) / 1e6;
            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]);
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(rest[12..]), Is.EqualTo(length));
            records.Add(ParsePacket(Instant.FromSeconds(time), rest.Slice(16, length)));
            rest = rest[(16 + length)..];
        }
        return records;
    }

    static Record ParsePacket(Instant time, ReadOnlySpan<byte> packet)
    {
        Assert.That(packet[0], Is.EqualTo(0x45));
        Assert.That(BinaryPrimitives.ReadUInt16BigEndian(packet[2..]), Is.EqualTo(packet.Length));
        Assert.That(packet[9], Is.EqualTo(17));
        Assert.That(Sum(packet[..20]), Is.EqualTo(0xFFFF), "IPv4 header checksum");
        var udp = packet[20..];
        Assert.That(BinaryPrimitives.ReadUInt16BigEndian(udp[4..]), Is.EqualTo(udp.Length));
        byte[] checkedOctets = [.. packet[12..20], 0, 17, .. udp[4..6], .. udp];
        Assert.That(Sum(checkedOctets), Is.EqualTo(0xFFFF), "UDP checksum");
        return new(time, new(IPv4Address.Read(packet[12..]), BinaryPrimitives.ReadUInt16BigEndian(udp)),
            new(IPv4Address.Read(packet[16..]), BinaryPrimitives.ReadUInt16BigEndian(udp[2..])), packet[8], udp[8..].ToArray());
    }

    static int Sum(ReadOnlySpan<byte> octets)
    {
        int sum = 0;
        for (int i = 0; i < octets.Length; i++)
            sum += octets[i] << (i % 2 == 0 ? 8 : 0);
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return sum;
    }
}
