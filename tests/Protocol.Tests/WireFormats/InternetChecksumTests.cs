using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 1071 and RFC 8200 §8.1, against the plainest computation there is.</summary>
public class InternetChecksumTests
{
    static readonly IPv6Address Source = IPv6Address.Parse("2001:db8::1"), Destination = IPv6Address.Parse("fe80::ffff:ffff:ffff");

    [Test]
    public void Checksum_EveryLengthTo200_EqualsThePlainSum()
    {
        var random = new Random(1);
        for (int length = 0; length <= 200; length++)
        {
            byte[] segment = new byte[length];
            random.NextBytes(segment);
            AssertEqualsPlain(segment);
            segment.AsSpan().Fill(0xFF);
            AssertEqualsPlain(segment);
        }
    }

    [TestCase(65534), TestCase(65535), TestCase(65536), TestCase(1 << 20)]
    public void Checksum_LongSegmentOfOnes_DoesNotOverflow(int length)
    {
        byte[] segment = new byte[length];
        segment.AsSpan().Fill(0xFF);
        Assert.That(InternetChecksum.Fold(InternetChecksum.Sum(segment)), Is.EqualTo(Normal(PlainSum(segment))));
    }

    [Test]
    public void Checksum_SegmentAtAnOddAddress_EqualsThePlainSum([Range(1, 33)] int start)
    {
        byte[] octets = new byte[1024];
        new Random(start).NextBytes(octets);
        AssertEqualsPlain(octets.AsSpan(start, 700 + start));
    }

    [Property(MaxTest = 300)]
    public void Checksum_RandomOctets_EqualsThePlainSum(byte[] segment) => AssertEqualsPlain(segment);

    [TestCase(0x0001_0000_FFFF_FFFFul)] // carries a third time
    [TestCase(0xFFFF_FFFF_FFFF_FFFFul), TestCase(0x0000_0001_FFFF_FFFFul), TestCase(0x0000_0000_0001_FFFFul), TestCase(0xFFFFul), TestCase(0x10000ul), TestCase(0ul)]
    public void Fold_CarriesUntilNothingIsLeft(ulong sum)
    {
        ulong plain = sum;
        while (plain > 0xFFFF)
            plain = (plain >> 16) + (plain & 0xFFFF);
        Assert.That(InternetChecksum.Fold(sum), Is.EqualTo(plain));
    }

    [Test]
    public void Checksum_OfTheSolicitation_Is7d37()
    {
        byte[] solicitation = Octets.Of(o => RouterSolicitation.Write(o, TeredoLinkLocal.Client));
        Assert.That(Convert.ToHexStringLower(solicitation[42..44]), Is.EqualTo("7d37"));
    }

    [Test]
    public void Verify_AnyBitFlipped_Fails()
    {
        byte[] segment = new byte[75];
        new Random(2).NextBytes(segment);
        segment[2] = segment[3] = 0;
        ushort checksum = InternetChecksum.Compute(Source, Destination, NextHeader.Icmpv6, segment);
        (segment[2], segment[3]) = ((byte)(checksum >> 8), (byte)checksum);
        Assert.That(InternetChecksum.Verify(Source, Destination, NextHeader.Icmpv6, segment), Is.True);
        for (int bit = 0; bit < segment.Length * 8; bit++)
        {
            segment[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.That(InternetChecksum.Verify(Source, Destination, NextHeader.Icmpv6, segment), Is.False, $"bit {bit}");
            segment[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Test]
    public void Verify_OtherAddressOrProtocol_Fails()
    {
        byte[] segment = [1, 2, 0, 0];
        ushort checksum = InternetChecksum.Compute(Source, Destination, NextHeader.Icmpv6, segment);
        (segment[2], segment[3]) = ((byte)(checksum >> 8), (byte)checksum);
        Assert.That(InternetChecksum.Verify(Source, Destination, NextHeader.Icmpv6, segment), Is.True);
        Assert.That(InternetChecksum.Verify(Source, Destination, NextHeader.Udp, segment), Is.False);
        Assert.That(InternetChecksum.Verify(Source, Source, NextHeader.Icmpv6, segment), Is.False);
    }

    static void AssertEqualsPlain(ReadOnlySpan<byte> segment)
    {
        byte[] pseudo = new byte[40];
        Source.Write(pseudo);
        Destination.Write(pseudo.AsSpan(16));
        (pseudo[33], pseudo[34], pseudo[35], pseudo[39]) = ((byte)(segment.Length >> 16), (byte)(segment.Length >> 8), (byte)segment.Length, NextHeader.Icmpv6);
        ulong sum = PlainSum(pseudo) + PlainSum(segment);
        Assert.That(InternetChecksum.Compute(Source, Destination, NextHeader.Icmpv6, segment), Is.EqualTo((ushort)~Normal(sum)), $"length {segment.Length}");
    }

    static ulong PlainSum(ReadOnlySpan<byte> octets)
    {
        ulong sum = 0;
        for (int i = 0; i < octets.Length; i++)
            sum += i % 2 == 0 ? (ulong)octets[i] << 8 : octets[i];
        return sum;
    }

    static ushort Normal(ulong sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }
}
