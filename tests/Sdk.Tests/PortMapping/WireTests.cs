using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>The messages of NAT-PMP (RFC 6886 §3) and PCP (RFC 6887 §7, §11.1).</summary>
public sealed class WireTests
{
    static readonly IPv4Endpoint Local = IPv4Endpoint.Parse("192.0.2.33:4660");
    static readonly byte[] Nonce = [.. Enumerable.Range(1, PcpAnswer.NonceSize).Select(i => (byte)i)];

    static byte[] PcpRequest => PcpAnswer.WriteMapRequest(Nonce, Local, default, 7200);

    static byte[] PcpGrant =>
        LoopbackGateway.Pcp(PcpAnswer.WriteMapRequest(Nonce, Local, new(default, 4661), 7200), LoopbackGateway.Public, epoch: 99, lifetime: 600);

    static byte[] NatPmpGrant => LoopbackGateway.NatPmp(NatPmpAnswer.WriteMapRequest(Local.Port, 4661, 7200), default, epoch: 99, lifetime: 600);

    static byte[] PcpAnnouncement => LoopbackGateway.Pcp(PcpAnswer.WriteAnnounceRequest(Local.Address), default, epoch: 99);

    static byte[] NatPmpAddress => LoopbackGateway.NatPmp(NatPmpAnswer.WriteAddressRequest(), LoopbackGateway.Public, epoch: 99);

    [Test]
    public void PcpMapRequest_IsAsTheRfcHasIt() => Assert.That(Convert.ToHexString(PcpRequest), Is.EqualTo(
        "02010000" + "00001C20" + "00000000000000000000FFFFC0000221" // version, opcode, lifetime, client
        + "0102030405060708090A0B0C" + "11000000" + "12340000" + "00000000000000000000FFFF00000000"));

    [Test]
    public void PcpAnnounceRequest_IsAHeader() =>
        Assert.That(Convert.ToHexString(PcpAnswer.WriteAnnounceRequest(Local.Address)),
            Is.EqualTo("02000000" + "00000000" + "00000000000000000000FFFFC0000221"));

    [Test]
    public void NatPmpRequests_AreAsTheRfcHasThem()
    {
        Assert.That(NatPmpAnswer.WriteAddressRequest(), Is.EqualTo(new byte[] { 0, 0 }));
        Assert.That(Convert.ToHexString(NatPmpAnswer.WriteMapRequest(0x1234, 0x5678, 7200)), Is.EqualTo("00010000" + "12345678" + "00001C20"));
    }

    [Test]
    public void PcpGrant_TellsEndpointLifetimeAndEpoch()
    {
        var answer = PcpAnswer.ReadMap(PcpGrant, Nonce, Local.Port)!.Value;
        Assert.That(answer.External, Is.EqualTo(new IPv4Endpoint(LoopbackGateway.Public, 4661)));
        Assert.That((answer.Lifetime, answer.Epoch, answer.Result), Is.EqualTo((600u, 99u, (byte)0)));
        Assert.That(PcpAnswer.ReadAnnounce(PcpAnnouncement)!.Value.Epoch, Is.EqualTo(99));
    }

    [Test]
    public void NatPmpAnswers_TellAddressPortLifetimeAndEpoch()
    {
        var address = NatPmpAnswer.ReadAddress(NatPmpAddress)!.Value;
        var mapping = NatPmpAnswer.ReadMap(NatPmpGrant, Local.Port)!.Value;
        Assert.That((address.Address, address.Epoch), Is.EqualTo((LoopbackGateway.Public, 99u)));
        Assert.That((mapping.ExternalPort, mapping.Lifetime, mapping.Epoch), Is.EqualTo(((ushort)4661, 600u, 99u)));
    }

    [Test]
    public void EveryTruncation_IsNoAnswer()
    {
        for (int length = 0; length < PcpGrant.Length; length++)
            Assert.That(PcpAnswer.ReadMap(PcpGrant.AsSpan(0, length), Nonce, Local.Port), Is.Null, $"PCP, {length} octets");
        for (int length = 0; length < PcpAnnouncement.Length; length++)
            Assert.That(PcpAnswer.ReadAnnounce(PcpAnnouncement.AsSpan(0, length)), Is.Null, $"PCP announcement, {length} octets");
        for (int length = 0; length < NatPmpGrant.Length; length++)
            Assert.That(NatPmpAnswer.ReadMap(NatPmpGrant.AsSpan(0, length), Local.Port), Is.Null, $"NAT-PMP map, {length} octets");
        for (int length = 0; length < NatPmpAddress.Length; length++)
            Assert.That(NatPmpAnswer.ReadAddress(NatPmpAddress.AsSpan(0, length)), Is.Null, $"NAT-PMP address, {length} octets");
    }

    [TestCase(0, TestName = "PcpAnswer_OfAnotherVersion_IsNone")]
    [TestCase(1, TestName = "PcpAnswer_ToAnotherOperation_IsNone")]
    [TestCase(24, TestName = "PcpAnswer_WithAnotherNonce_IsNone")]
    [TestCase(36, TestName = "PcpAnswer_ForAnotherProtocol_IsNone")]
    [TestCase(41, TestName = "PcpAnswer_ForAnotherPort_IsNone")]
    [TestCase(44, TestName = "PcpAnswer_WithAnIPv6Address_IsNone")]
    public void PcpAnswer_WithAnOctetChanged_IsNone(int at)
    {
        byte[] answer = PcpGrant;
        answer[at] ^= 0x04;
        Assert.That(PcpAnswer.ReadMap(answer, Nonce, Local.Port), Is.Null);
    }

    [Test]
    public void PcpRequest_IsNoAnswer() => Assert.That(PcpAnswer.ReadMap(PcpRequest, Nonce, Local.Port), Is.Null);

    [Test]
    public void NatPmpGrant_ForAnotherPort_IsNoAnswer() => Assert.That(NatPmpAnswer.ReadMap(NatPmpGrant, 4662), Is.Null);

    [Test]
    public void NatPmpRefusalOfTheVersion_IsAHintOnly()
    {
        var answer = PcpAnswer.ReadMap(LoopbackGateway.UnsupportedVersion(PcpRequest), Nonce, Local.Port)!.Value;
        Assert.That((answer.IsHint, answer.IsUnsupported), Is.EqualTo((true, true)));
        Assert.That(PcpAnswer.ReadMap([0, 0x81, 1, 1, 0, 0, 0, 9], Nonce, Local.Port), Is.Null, "another result");
        Assert.That(PcpAnswer.ReadMap([1, 0x81, 0, 1, 0, 0, 0, 9], Nonce, Local.Port), Is.Null, "another version");
    }

    [TestCase((byte)1)]
    [TestCase((byte)8)]
    public void PcpRefusal_NeedsTheNonce(byte result)
    {
        byte[] refusal = LoopbackGateway.Pcp(PcpRequest, default, epoch: 99, result: result);
        Assert.That(PcpAnswer.ReadMap(refusal, Nonce, Local.Port)!.Value.Result, Is.EqualTo(result));
        refusal[24] ^= 1;
        Assert.That(PcpAnswer.ReadMap(refusal, Nonce, Local.Port), Is.Null);
    }

    // RFC 6886 §3.5
    [TestCase(1, "unsupported version"), TestCase(2, "not authorised"), TestCase(3, "network failure"), TestCase(4, "out of resources")]
    [TestCase(5, "unsupported operation"), TestCase(6, "result 6"), TestCase(258, "result 258")]
    public void NatPmpError_NeedsNoMoreThanAHeader(int result, string name) =>
        Assert.That(NatPmpAnswer.ReadMap([0, 0x81, (byte)(result >> 8), (byte)result, 0, 0, 0, 9], Local.Port)!.Value.ResultName, Is.EqualTo(name));

    // RFC 6887 §7.4
    [TestCase(1, "unsupported version"), TestCase(2, "not authorised"), TestCase(3, "malformed request"), TestCase(4, "unsupported operation")]
    [TestCase(5, "result 5"), TestCase(6, "result 6"), TestCase(7, "network failure"), TestCase(8, "no resources"), TestCase(9, "unsupported protocol")]
    [TestCase(10, "quota exceeded"), TestCase(11, "cannot provide the external address"), TestCase(12, "address mismatch: there is another NAT in between")]
    [TestCase(13, "too many remote peers"), TestCase(14, "result 14")]
    public void PcpError_HasAName_AndOnlyTwoMeanNoPcp(int result, string name)
    {
        var answer = PcpAnswer.ReadMap(LoopbackGateway.Pcp(PcpRequest, default, epoch: 99, result: (byte)result), Nonce, Local.Port)!.Value;
        Assert.That((answer.ResultName, answer.IsUnsupported, answer.IsHint), Is.EqualTo((name, result is 1 or 4, false)));
    }

    // version 8 | operation 8 | reserved 8 | result 8 | lifetime 32 | epoch 32 | reserved 96 | nonce 96 | protocol 8 | reserved 24 | ports 16, 16 | address 128
    [Test]
    public void PcpGrant_WithAnyBitChanged_IsNone_OrSaysWhatItsFieldSays()
    {
        var whole = Read(PcpGrant)!.Value;
        for (int at = 0; at < PcpGrant.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] changed = PcpGrant;
                changed[at] ^= (byte)(1 << bit);
                var answer = Read(changed);
                string place = $"octet {at}, bit {bit}";
                if (at is 0 or 1 or (>= 24 and <= 36) or 40 or 41 or (>= 44 and <= 55))
                    Assert.That(answer, Is.Null, place);
                else if (at is 2 or (>= 12 and <= 23) or (>= 37 and <= 39))
                    Assert.That(answer, Is.EqualTo(whole), place);
                else
                    Assert.That((answer!.Value.Result != whole.Result, answer.Value.Lifetime != whole.Lifetime, answer.Value.Epoch != whole.Epoch,
                        at > 3 && answer.Value.External != whole.External), Is.EqualTo((at == 3, at is >= 4 and <= 7, at is >= 8 and <= 11, at >= 42)), place);
            }
        }

        static PcpAnswer? Read(byte[] octets) => PcpAnswer.ReadMap(octets, Nonce, Local.Port);
    }

    // RFC 6887 §7: a multiple of four octets, 1100 at most. Options may follow.
    [TestCase(60, true), TestCase(61, false), TestCase(62, false), TestCase(63, false), TestCase(64, true), TestCase(1100, true), TestCase(1104, false)]
    public void PcpGrant_HasALengthThatCanBe(int octets, bool isAnswer)
    {
        byte[] answer = PcpGrant;
        Array.Resize(ref answer, octets);
        Assert.That(PcpAnswer.ReadMap(answer, Nonce, Local.Port), isAnswer ? Is.Not.Null : Is.Null);
    }

    // version 8 | operation 8 | result 16 | epoch 32 | internal port 16 | external port 16 | lifetime 32
    [Test]
    public void NatPmpGrant_WithAnyBitChanged_IsNone_OrSaysWhatItsFieldSays()
    {
        var whole = NatPmpAnswer.ReadMap(NatPmpGrant, Local.Port)!.Value;
        for (int at = 0; at < NatPmpGrant.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] changed = NatPmpGrant;
                changed[at] ^= (byte)(1 << bit);
                var answer = NatPmpAnswer.ReadMap(changed, Local.Port);
                string place = $"octet {at}, bit {bit}";
                if (at is 0 or 1 or 8 or 9)
                    Assert.That(answer, Is.Null, place);
                else
                    Assert.That((answer!.Value.Result != whole.Result, answer.Value.Epoch != whole.Epoch,
                        at > 3 && answer.Value.ExternalPort != whole.ExternalPort, at > 3 && answer.Value.Lifetime != whole.Lifetime),
                        Is.EqualTo((at is 2 or 3, at is >= 4 and <= 7, at is 10 or 11, at >= 12)), place);
            }
        }
    }

    [TestCase(100u, 60, 160u, true)]
    [TestCase(100u, 60, 155u, true)]   // the gateway's clock is slow
    [TestCase(100u, 60, 99u, false)]   // 60 s passed, the gateway's clock stood
    [TestCase(100u, 60, 3u, false)]    // it was restarted
    [TestCase(100u, 3600, 3000u, false)]
    [TestCase(100u, 0, 99u, true)]     // RFC 6887 §8.5: it counts in whole seconds
    [TestCase(100u, 0, 98u, false)]
    [TestCase(100u, 16, 113u, true)]   // 2 s and a sixteenth are allowed
    [TestCase(100u, 16, 112u, false)]
    [TestCase(100u, 13, 116u, true)]
    [TestCase(100u, 12, 116u, false)]
    [TestCase(100u, 60, 500u, false)]  // it runs ahead: another gateway
    public void Epoch_ThatDoesNotGoOnWithTheClock_MeansLostState(uint first, int seconds, uint second, bool kept)
    {
        var time = new ManualTime();
        var epoch = new EpochWatch(time);
        Assert.That(epoch.Observe(first));
        time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(epoch.Observe(second), Is.EqualTo(kept));
    }

    [Test]
    public void NamedGateway_IsAskedEvenWhereNoInterfaceHasTheAddress_AndIsThenAloneOnItsLink()
    {
        var gateway = IPv4Address.Parse("198.51.100.1");
        var found = GatewayRoute.Find(IPv4Address.Parse("203.0.113.77"), gateway, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.That(found, Is.EqualTo(new LocalGateway(gateway, new(gateway, 32))));
    }

    [Test]
    public void LinuxRoutes_TheDefaultRouteOfTheInterfaceCounts()
    {
        string[] table =
        [
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
            "eth1\t00000000\t0101010A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
            "eth0\t0000000A\t0201A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0", // not the default route
            "eth0\t00000000\t0901A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
            "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
            "eth2\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0", // no next hop
            "eth0\tnonsense",
            "eth0\t00000000\t0801A8C0\t0003\t0\t0\t0", // no mask
            "eth0\t00000000\t0701A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0", // a subnet
            "eth0\t00000000\t0601A8C0\t0003\t0\t0\t-1\t00000000\t0\t0\t0",
            "eth0\t00000000\t0501A8C0\tflag\t0\t0\t0\t00000000\t0\t0\t0",
            "eth0\t00000000\tgateway1\t0003\t0\t0\t0\t00000000\t0\t0\t0",
            "eth0\t00000000\t0401A8C0\t0001\t0\t0\t0\t00000000\t0\t0\t0", // not by way of a gateway
            "eth0\t00000000\t0301A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0", // the first of two with one metric counts
        ];
        Assert.That(GatewayRoute.FindInTable(table, "eth0"), Is.EqualTo(IPv4Address.Parse("192.168.1.1")));
        Assert.That(GatewayRoute.FindInTable(table, "eth2"), Is.Null);
        Assert.That(GatewayRoute.FindInTable(table, "eth3"), Is.Null);
        Assert.That(GatewayRoute.FindInTable(["lo\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000"], "lo"), Is.Not.Null, "eight columns are enough");
    }
}
