using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 6081 §4 and §5.1.2: trailers.</summary>
public class TrailerSetTests
{
    const string Nonce = "0104cafebabe";

    [Test, Conformance("C-154")]
    public void Trailers_TwoNonces_LastWins() => Assert.That(Parse("010400000001" + "010400000002").Nonce, Is.EqualTo(2));

    [Test, Conformance("C-154")]
    public void Trailers_TwoAlternateLists_LastWins()
    {
        var trailers = Parse("030800000102030410e1" + "030800000506070810e1");
        Assert.That(trailers.AlternateAddresses.ToArray(), Is.EqualTo(new[] { IPv4Endpoint.Parse("5.6.7.8:4321") }));
    }

    [Test, Conformance("C-155")]
    public void Trailers_UnknownTypeWithBits01_DiscardsThePacket([Values(0x40, 0x41, 0x7F)] int type) =>
        Assert.That(TrailerSet.TryParse([(byte)type, 0], out _), Is.False);

    [Test, Conformance("C-155")]
    public void Trailers_UnknownTypeWithBits01BehindOthers_DiscardsThePacket() =>
        Assert.That(TrailerSet.TryParse(Convert.FromHexString(Nonce + "4101aa"), out _), Is.False);

    [Test, Conformance("C-156")]
    public void Trailers_OtherUnknownType_IsSkipped([Values(0x00, 0x06, 0x3F, 0x80, 0xBF, 0xC0, 0xFF)] int type, [Values(0, 2, 200)] int length)
    {
        byte[] octets = [(byte)type, (byte)length, .. new byte[length], .. Convert.FromHexString(Nonce)];
        Assert.That(TrailerSet.TryParse(octets, out var trailers), Is.True);
        Assert.That(trailers.Nonce, Is.EqualTo(0xcafebabe));
    }

    [TestCase("01"), TestCase("0508"), TestCase("050800"), TestCase("41ff"), TestCase("410200")]
    [Conformance("C-157")]
    public void Trailers_MalformedOne_StopsAndKeepsPacketAndWhatCameBefore(string malformed)
    {
        var trailers = Parse(Nonce + malformed);
        Assert.That((trailers.Nonce, trailers.RandomPort), Is.EqualTo(((uint?)0xcafebabe, (ushort?)null)));
    }

    [Test, Conformance("C-157")]
    public void Trailers_BehindAMalformedOne_AreNotLookedAt() =>
        Assert.That(Parse("05f0" + Nonce + "4100").Nonce, Is.Null);

    [TestCase("0103cafeba"), TestCase("0105cafebabe00"), TestCase("0100")]
    [Conformance("C-158")]
    public void Nonce_OfAnotherLength_IsIgnored(string octets) => Assert.That(Parse(octets).Nonce, Is.Null);

    [TestCase("040400000000", NeighborDiscoveryType.Solicitation)]
    [TestCase("040401000000", NeighborDiscoveryType.Advertisement)]
    [TestCase("040401ffffff", NeighborDiscoveryType.Advertisement)]
    [Conformance("C-161")]
    public void NeighborDiscovery_ReservedOctets_AreIgnored(string octets, NeighborDiscoveryType expected) =>
        Assert.That(Parse(octets).NeighborDiscovery, Is.EqualTo(expected));

    [TestCase("040402000000"), TestCase("0403000000"), TestCase("04050000000000")]
    public void NeighborDiscovery_UnknownTypeOrLength_IsIgnored(string octets) => Assert.That(Parse(octets).NeighborDiscovery, Is.Null);

    [TestCase("0502c3cb"), TestCase("0202c3cb")]
    [Conformance("C-162", "C-165")]
    public void RandomPort_BothTypeNumbers_AreInNetworkByteOrder(string octets) => Assert.That(Parse(octets).RandomPort, Is.EqualTo(50123));

    [Test, Conformance("C-162")]
    public void RandomPort_IsSentWithType5() => Assert.That(Octets.Of(o => TrailerSet.WriteRandomPort(o, 50123)), Is.EqualTo(Convert.FromHexString("0502c3cb")));

    [TestCase("0501c3"), TestCase("0503c3cb00"), TestCase("05020000")]
    public void RandomPort_OfAnotherLengthOr0_IsIgnored(string octets) => Assert.That(Parse(octets).RandomPort, Is.Null);

    [TestCase(1), TestCase(2), TestCase(3), TestCase(4)]
    [Conformance("C-159")]
    public void AlternateAddresses_OneToFour_ComeBackInOrder(int count)
    {
        var sent = Enumerable.Range(1, count).Select(i => new IPv4Endpoint(new(0x0A000000u + (uint)i), (ushort)(1000 + i))).ToArray();
        byte[] octets = Octets.Of(o => TrailerSet.WriteAlternateAddresses(o, sent));
        Assert.That(octets[1], Is.EqualTo(2 + 6 * count));
        Assert.That(TrailerSet.TryParse(octets, out var trailers), Is.True);
        Assert.That(trailers.AlternateAddresses.ToArray(), Is.EqualTo(sent));
    }

    [Test, Conformance("C-159", "C-232", "C-237")]
    public void AlternateAddresses_AnyOtherLength_IsMalformed()
    {
        for (int length = 0; length <= 255; length++)
        {
            byte[] octets = [3, (byte)length, .. new byte[Math.Min(length, 2)], .. Enumerable.Repeat((byte)1, Math.Max(length - 2, 0))];
            Assert.That(TrailerSet.TryParse(octets, out var trailers), Is.True);
            Assert.That(trailers.HasMalformedAlternateAddress, Is.EqualTo(length is not (8 or 14 or 20 or 26)), $"length {length}");
            Assert.That(trailers.AlternateAddressCount, Is.EqualTo(length is 8 or 14 or 20 or 26 ? length / 6 : 0), $"length {length}");
        }
    }

    [TestCase("0308" + "0001" + "0102030410e1", TestName = "AlternateAddresses_ReservedNot0_IsMalformed")]
    [TestCase("0308" + "0000" + "010203040000", TestName = "AlternateAddresses_Port0_IsMalformed")]
    [TestCase("0308" + "0000" + "e000000110e1", TestName = "AlternateAddresses_Multicast_IsMalformed")]
    [TestCase("0308" + "0000" + "ffffffff10e1", TestName = "AlternateAddresses_Broadcast_IsMalformed")]
    [TestCase("0308" + "0000" + "0000000010e1", TestName = "AlternateAddresses_Unspecified_IsMalformed")]
    [TestCase("030e" + "0000" + "0102030410e1" + "e000000110e1", TestName = "AlternateAddresses_OneOfTwoBad_IsMalformed")]
    [Conformance("C-159", "C-164", "C-232")]
    public void AlternateAddresses_BadEntry(string octets)
    {
        var trailers = Parse(octets);
        Assert.That((trailers.HasMalformedAlternateAddress, trailers.AlternateAddressCount), Is.EqualTo((true, 0)));
    }

    [TestCase(0), TestCase(5)]
    public void AlternateAddresses_WrittenWithNoneOrFive_Throws(int count)
    {
        var addresses = new IPv4Endpoint[count];
        Assert.That(() => TrailerSet.WriteAlternateAddresses(new byte[64], addresses),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("addresses"));
    }

    [Test]
    public void Trailers_None_IsEmpty()
    {
        var trailers = Parse("");
        Assert.That((trailers.Nonce, trailers.RandomPort, trailers.NeighborDiscovery, trailers.AlternateAddressCount),
            Is.EqualTo(((uint?)null, (ushort?)null, (NeighborDiscoveryType?)null, 0)));
    }

    [Property(MaxTest = 200)]
    public bool Trailers_BehindTheSixteenth_AreNeverLookedAt(byte fillers)
    {
        int before = fillers % 40;
        byte[] padding = [.. Enumerable.Repeat<byte[]>([0x81, 0], before).SelectMany(trailer => trailer)];
        bool kept = TrailerSet.TryParse([.. padding, .. Convert.FromHexString(Nonce)], out var trailers);
        bool discarded = !TrailerSet.TryParse([.. padding, 0x41, 0], out _);
        return kept && trailers.Nonce.HasValue == before < 16 && discarded == before < 16;
    }

    [Property(MaxTest = 500)]
    public bool Trailers_RandomOctets_NeverThrow(byte[] octets)
    {
        _ = TrailerSet.TryParse(octets, out var trailers);
        return trailers.AlternateAddressCount is >= 0 and <= 4 && trailers.AlternateAddresses.Length == trailers.AlternateAddressCount;
    }

    [Property(MaxTest = 200)]
    public bool Trailers_RoundTrip_KeepsEach(uint nonce, ushort port, bool solicitation)
    {
        var type = solicitation ? NeighborDiscoveryType.Solicitation : NeighborDiscoveryType.Advertisement;
        byte[] octets = Octets.Of(o => TrailerSet.WriteNonce(o, nonce), o => TrailerSet.WriteNeighborDiscovery(o, type), o => TrailerSet.WriteRandomPort(o, port));
        return TrailerSet.TryParse(octets, out var trailers) && trailers.Nonce == nonce && trailers.NeighborDiscovery == type
            && trailers.RandomPort == (port == 0 ? null : port);
    }

    static TrailerSet Parse(string octets)
    {
        Assert.That(TrailerSet.TryParse(Convert.FromHexString(octets), out var trailers), Is.True);
        return trailers;
    }
}
