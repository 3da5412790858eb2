using System.Buffers.Binary;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>The octets of a capture, against the format and against the headers' own checksums.</summary>
public sealed class PcapFileTests
{
    const int FileHeader = 24, RecordHeader = 16, Headers = 28, LargestPacket = 65_535;
    static readonly IPv4Endpoint Source = IPv4Endpoint.Parse("203.0.113.10:40000"), Target = IPv4Endpoint.Parse("192.0.2.1:3544");

    [Test]
    public void File_StartsWithTheHeaderOfTheFormat() => Assert.That(Convert.ToHexString(Write(_ => { })),
        Is.EqualTo("D4C3B2A1" + "0200" + "0400" + "00000000" + "00000000" + "FFFF0000" + "65000000"));

    [Test]
    public void Record_HasTheTimeInMicroseconds_AndTheLengthTwice()
    {
        byte[] file = Write(pcap => pcap.WritePacket(TimeSpan.FromSeconds(86_401.000_25), new byte[] { 0x60, 1, 2 }));
        Assert.That(Convert.ToHexString(file, FileHeader, file.Length - FileHeader), Is.EqualTo("81510100" + "FA000000" + "03000000" + "03000000" + "600102"));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(1281)]
    public void Datagram_HasTheHeadersOfTheWire(int octets)
    {
        byte[] payload = new byte[octets];
        new Random(7).NextBytes(payload);
        byte[] packet = Datagrams(payload, payload)[1];
        Assert.That(packet, Has.Length.EqualTo(Headers + octets));
        Assert.That(Convert.ToHexString(packet, 0, 2), Is.EqualTo("4500"));
        Assert.That(At(packet, 2), Is.EqualTo(packet.Length));
        Assert.That(At(packet, 4), Is.EqualTo(1), "the identification of the second datagram");
        Assert.That(Convert.ToHexString(packet, 6, 4), Is.EqualTo("00002A11"), "no fragment, the TTL, UDP");
        Assert.That(Convert.ToHexString(packet, 12, 8), Is.EqualTo("CB00710A" + "C0000201"));
        Assert.That((At(packet, 20), At(packet, 22), At(packet, 24)), Is.EqualTo((Source.Port, Target.Port, 8 + octets)));
        Assert.That(packet[Headers..], Is.EqualTo(payload));
        Assert.That(Sum(packet[..20]), Is.EqualTo(0xFFFF), "the header's checksum");
        Assert.That(Sum([.. PseudoHeader(packet), .. packet[20..]]), Is.EqualTo(0xFFFF), "the checksum over both addresses");
    }

    // RFC 768: zero would say that there is none.
    [Test]
    public void Checksum_OfZero_IsWrittenAsAllOnes()
    {
        byte[] probe = Datagrams(new byte[2])[0];
        byte[] packet = Datagrams(probe[26..28])[0]; // with its own checksum as the payload, the sum is all ones
        Assert.That(At(packet, 26), Is.EqualTo(0xFFFF));
    }

    // The sum is 0x2FFFE, its halves together 0x10000, and theirs 1.
    [Test]
    public void Checksum_OfASumThatCarriesTwice_IsRight() =>
        Assert.That(At(Datagrams([0x57, 0xB6])[0], 26), Is.EqualTo(0xFFFE));

    [Test]
    public void WhatIsTooLargeForTheFormat_IsLeftOut()
    {
        byte[] Packet(int octets) => Write(pcap => pcap.WritePacket(default, new byte[octets]));
        byte[] Datagram(int octets) => Write(pcap => pcap.WriteDatagram(default, Source, Target, 1, new byte[octets]));
        Assert.That(Packet(LargestPacket), Has.Length.EqualTo(FileHeader + RecordHeader + LargestPacket));
        Assert.That(Packet(LargestPacket + 1), Has.Length.EqualTo(FileHeader));
        Assert.That(Datagram(LargestPacket - Headers), Has.Length.EqualTo(FileHeader + RecordHeader + LargestPacket));
        Assert.That(Datagram(LargestPacket - Headers + 1), Has.Length.EqualTo(FileHeader));
    }

    static byte[] Write(Action<PcapFile> write)
    {
        using var stream = new MemoryStream();
        write(new(stream));
        return stream.ToArray();
    }

    static byte[][] Datagrams(params byte[][] payloads)
    {
        byte[] file = Write(pcap =>
        {
            foreach (byte[] payload in payloads)
                pcap.WriteDatagram(TimeSpan.FromSeconds(1), Source, Target, 42, payload);
        });
        List<byte[]> packets = [];
        for (int at = FileHeader; at < file.Length;)
        {
            int start = at + RecordHeader, length = (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8));
            packets.Add(file[start..(start + length)]);
            at = start + length;
        }
        return [.. packets];
    }

    static int At(byte[] packet, int at) => BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at));

    static byte[] PseudoHeader(byte[] packet) => [.. packet[12..20], 0, 17, .. packet[24..26]];

    // RFC 1071, in the simplest words.
    static int Sum(byte[] octets)
    {
        int sum = 0;
        for (int at = 0; at < octets.Length; at += 2)
        {
            sum += (octets[at] << 8) + (at + 1 < octets.Length ? octets[at + 1] : 0);
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        return sum;
    }
}
