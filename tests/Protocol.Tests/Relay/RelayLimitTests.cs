using TeredoSdk.Protocol.Tests.Client;
using static TeredoSdk.Protocol.Tests.Relay.RelayHarness;

namespace TeredoSdk.Protocol.Tests.Relay;

/// <summary>What the IPv6 side can make a relay send to clients and servers that it names (docs/protocol §5.4).</summary>
public class RelayLimitTests
{
    static readonly IPv4Address Victim = IPv4Address.Parse("8.8.8.8");

    static RelayHarness NewHarness() => new(Router with { ServedPrefixes = [new(Native, 32)] });

    static IPv6Address Client(int n, IPv4Address? server = null, IPv4Address? mapped = null) =>
        new TeredoAddress(server ?? new(0x0900_0001 + (uint)n), TeredoFlags.None, new(mapped ?? new(0x0800_0001 + (uint)n), (ushort)(4000 + n % 1000)));

    static IPv4Endpoint MappingOf(int n) => TeredoAddress.TryCreate(Client(n), out var client) ? client.MappedEndpoint : default;

    static IPv6Address Source(int n = 0) => new(Native.High + (ulong)n, 7);

    // 3,000 packets of 48 octets for made-up clients of one server, at once and in ten seconds.
    [TestCase(0)]
    [TestCase(10)]
    public void MadeUpClientsOfOneServer_BringItFewBubbles(double seconds)
    {
        var harness = NewHarness();
        for (int i = 0; i < 3000; i++)
        {
            harness.AdvanceTo(i * seconds / 3000);
            harness.Send(Build.Udp(Source(), Client(i, server: Victim), payloadOctets: 0));
        }
        harness.AdvanceTo(seconds + 300);
        int atServer = harness.Sent.Count(s => s.Target == new IPv4Endpoint(Victim, 3544));
        Assert.That(atServer, Is.InRange(50, 1.2 * (54 + 50 * seconds)), "half of the server's limit, for one source, and 48 octets for each 40");
        Assert.That(harness.Sent, Has.Count.LessThanOrEqualTo(2 * atServer));
        Assert.That(harness.Relay.Drops[DropReason.RateLimited], Is.GreaterThan(1000));
    }

    [Test]
    public void OneSource_HasALimitOfItsOwn()
    {
        var harness = NewHarness();
        for (int i = 0; i < 3000; i++)
            harness.Send(Build.Udp(Source() with { Low = (ulong)i }, Client(i))); // all addresses of a /64
        Assert.That(harness.Sent, Has.Count.EqualTo(2 * 100));
    }

    [Test]
    public void ManySources_HaveALimitInAll()
    {
        var harness = NewHarness();
        for (int i = 0; i < 3000; i++)
            harness.Send(Build.Udp(Source(i), Client(i)));
        Assert.That(harness.Sent, Has.Count.EqualTo(2 * 1000));
    }

    [Test]
    public void ClientsOfOneIPv4Address_HaveALimit()
    {
        var harness = NewHarness();
        for (int i = 0; i < 3000; i++)
            harness.Send(Build.Udp(Source(i), Client(i, mapped: Victim)));
        Assert.That(harness.Sent.Count(s => s.Target.Address == Victim), Is.EqualTo(16));
    }

    // A client whose two IPv4 addresses are one: the worst ratio there was, eight bubbles for a packet.
    [TestCase(0)]
    [TestCase(12)]
    [TestCase(100)]
    [TestCase(1000)]
    public void OctetsOfBubbles_AreNeverMoreThanWhatPaidForThem(int payload)
    {
        var harness = NewHarness();
        for (int i = 0; i < 20; i++)
            harness.Send(Build.Udp(Source(i), Client(i, server: Victim, mapped: Victim), payload));
        harness.AdvanceTo(300);
        Assert.That(harness.Sent.Sum(s => s.Payload.Length), Is.InRange(1, 20 * (48 + payload)));
    }

    [Test]
    public void FurtherPackets_PayForFurtherRounds()
    {
        var harness = NewHarness();
        var client = Client(1);
        harness.Send(Build.Udp(Source(), client, payloadOctets: 0));
        harness.AdvanceTo(3);
        Assert.That(harness.Sent, Has.Count.EqualTo(2), "48 octets pay for one bubble");
        harness.Send(Build.Udp(Source(), client, payloadOctets: 0));
        harness.AdvanceTo(5);
        Assert.That(harness.Sent, Has.Count.EqualTo(4));
    }

    // While one source spends all that it can, another one's client is bubbled at once.
    [Test]
    public void UnderFlood_AnotherSourceGetsThrough()
    {
        var harness = NewHarness();
        for (int i = 0; i < 3000; i++)
        {
            harness.AdvanceTo(i * 0.001);
            harness.Send(Build.Udp(Source(), Client(i, server: ServerPort.Address), payloadOctets: 0));
        }
        harness.Sent.Clear();
        Assert.That(harness.Send(Build.Udp(Source(1), ClientIp)).Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(harness.Sent.Select(s => s.Target), Is.EqualTo(new[] { Mapped, ServerPort }));
        harness.Receive(Mapped, Build.Bubble(ClientIp, harness.Sent[0].InnerSource));
        Assert.That(harness.Sent, Has.Count.EqualTo(3), "what waited went out");
    }

    [Test]
    public void StaleTrustedClient_ProvesItselfAgain_BeforeDataGoesThere()
    {
        var harness = WithTrustedClient();
        harness.AdvanceTo(31);
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(harness.Sent, Has.All.Property(nameof(RelayDatagram.IsBubble)).True);
        harness.AdvanceTo(38.9);
        harness.AdvanceTo(45);
        harness.AssertDropped(harness.Send(), DropReason.PeerUnreachable);
    }

    [Test]
    public void StaleTrustedClients_CountAmongTheUntrustedHalf_UntilTheyAnswer()
    {
        var harness = new RelayHarness(Router with { MaxPeers = 16, ServedPrefixes = [new(Native, 32)] });
        for (int i = 0; i < 11; i++)
        {
            harness.Send(Build.Udp(Source(i), Client(i)));
            harness.Receive(MappingOf(i), Build.Bubble(Client(i), harness.Sent[^1].InnerSource));
            Assert.That(harness.Send(Build.Udp(Source(i), Client(i))).Kind, Is.EqualTo(VerdictKind.Send));
        }
        harness.AdvanceTo(40);
        for (int i = 0; i < 11; i++)
            Assert.That(harness.Send(Build.Udp(Source(i), Client(i))).Kind, Is.EqualTo(VerdictKind.Held));
        harness.Send(Build.Udp(Source(20), Client(20)));
        Assert.That(harness.Relay.PeerCount, Is.EqualTo(11), "a newcomer takes the place of one of them");
    }

    [Test, Conformance("C-142")]
    public void ClientsThatWereSentTo_OutliveThoseThatOnlyAnswered()
    {
        var harness = new RelayHarness(Router with { MaxPeers = 16, ServedPrefixes = [new(Native, 32)] });
        Contact(0, answersAt: 0);
        Contact(5, answersAt: 15); // by then what waited for them is given up
        harness.AdvanceTo(60);     // none was heard for 30 s
        for (int i = 10; i < 20; i++)
            Assert.That(harness.Send(Build.Udp(Source(i), Client(i))).Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(harness.Relay.PeerCount, Is.EqualTo(12), "all but the quarter for what the host of a client wants");
        var known = Enumerable.Range(0, 10).Where(i => harness.Receive(MappingOf(i), Build.Udp(Client(i), Native)).Kind == VerdictKind.Deliver).ToArray();
        Assert.That(known.Take(5), Is.EqualTo(Enumerable.Range(0, 5)));
        Assert.That(known, Has.Length.LessThan(10));

        void Contact(int first, double answersAt)
        {
            for (int i = first; i < first + 5; i++)
                harness.Send(Build.Udp(Source(i), Client(i)));
            harness.AdvanceTo(answersAt);
            for (int i = first; i < first + 5; i++)
                harness.Receive(MappingOf(i), Build.Bubble(Client(i), harness.Sent.Last(s => s.InnerDestination == Client(i)).InnerSource));
        }
    }
}
