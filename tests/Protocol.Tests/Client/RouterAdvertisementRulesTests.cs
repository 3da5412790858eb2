using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.1, §5.2.2 and RFC 4861 §6.1.2: which router advertisements count, and what forgers achieve.</summary>
public sealed class RouterAdvertisementRulesTests
{
    internal static IEnumerable<TestCaseData> BrokenAdvertisements()
    {
        static TestCaseData Case(string name, Advertisement advertisement) => new TestCaseData(advertisement).SetArgDisplayNames(name);

        yield return Case("other source address", new() { OuterSource = Endpoint("203.0.113.66:3544") });
        yield return Case("the server's other address", new() { OuterSource = Secondary });
        yield return Case("other source port", new() { OuterSource = new(Lab.Server.Primary, 3545) });
        yield return Case("other nonce", new() { Nonce = 0x0123456789ABCDEF });
        yield return Case("nonce 0", new() { Nonce = 0 });
        yield return Case("no authentication header", new() { WithAuthentication = false });
        yield return Case("no origin indication", new() { WithOrigin = false });
        yield return Case("other link-local destination", new() { Destination = IPv6("fe80::8000:ffff:ffff:ffff") });
        yield return Case("all nodes as destination", new() { Destination = IPv6Address.AllNodes });
        yield return Case("no prefix", new() { PrefixCount = 0 });
        yield return Case("two prefixes", new() { PrefixCount = 2 });
        yield return Case("prefix of 32 bits", new() { PrefixLength = 32 });
        yield return Case("prefix of another server", new() { PrefixServer = OtherServer.Primary });
        yield return Case("prefix of the secondary address", new() { PrefixServer = Lab.Server.Secondary });
        yield return Case("prefix of another network", new() { PrefixTop = 0x2001_0DB8 });
        yield return Case("old prefix with another server", new() { PrefixTop = TeredoAddress.OldPrefix, PrefixServer = OtherServer.Primary });
        yield return Case("router not link-local", new() { RouterAddress = IPv6("2001:db8::1") });
        yield return Case("hop limit 254", new() { HopLimit = 254 });
        yield return Case("hop limit 0", new() { HopLimit = 0 });
        yield return Case("wrong checksum", new() { WrongChecksum = true });
        yield return Case("code 1", new() { Code = 1 });
        yield return Case("a neighbor advertisement", new() { Type = 136 });
        yield return Case("option of length 0", new() { ExtraOptions = [1, 0, 0, 0, 0, 0, 0, 0] });
        yield return Case("option longer than the packet", new() { ExtraOptions = [1, 2, 0, 0, 0, 0, 0, 0] });
        yield return Case("option cut to one octet", new() { ExtraOptions = [1] });
    }

    [TestCaseSource(nameof(BrokenAdvertisements))]
    [Conformance("C-027", "C-028", "C-029", "C-030", "C-031", "C-032", "C-040", "C-041")]
    public void BrokenAdvertisement_IsDropped_AndTheRightOneStillQualifies(object broken)
    {
        var harness = new ClientHarness();
        harness.Start();
        var deadline = harness.Client.NextDeadline;

        var verdict = harness.AnswerLastSolicitation(OtherMapped, (Advertisement)broken);
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Client.Drops[verdict.Reason], Is.EqualTo(1));
        Assert.That(harness.Client.NextDeadline, Is.EqualTo(deadline));
        Assert.That(harness.Sent, Has.Count.EqualTo(1), "nothing is sent for it");
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));

        harness.Qualify();
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped));
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
    }

    [Test, Conformance("C-040")]
    public void OtherNonce_IsCountedAsBadNonce()
    {
        var harness = new ClientHarness();
        harness.Start();
        Assert.That(harness.AnswerLastSolicitation(Mapped, new() { Nonce = 1 }), Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
        Assert.That(harness.AnswerLastSolicitation(Mapped, new() { WithAuthentication = false }), Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
    }

    [TestCase("fe80::1"), TestCase("fe80::ffff:ffff:f5fe:fffd"), TestCase("febf::8000:f227:34ff:8efe")]
    [Conformance("C-021")]
    public void RouterWithAnyLinkLocalIdentifier_IsAccepted(string router)
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AnswerLastSolicitation(Mapped, new() { RouterAddress = IPv6(router) });
        Assert.That(harness.Solicitations.Last().Target, Is.EqualTo(Secondary));
    }

    [Test]
    public void UnknownOptions_AreSkipped()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AnswerLastSolicitation(Mapped, new() { ExtraOptions = [1, 1, 2, 3, 4, 5, 6, 7, 200, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] });
        Assert.That(harness.Solicitations.Last().Target, Is.EqualTo(Secondary));
    }

    [Test]
    public void OldPrefix_IsTakenForTheNewOne()
    {
        // Servers of Windows XP's time advertise 3ffe:831f::/32; the address has 2001::/32 all the same.
        var harness = new ClientHarness();
        harness.Start();
        harness.AnswerLastSolicitation(Mapped, new() { PrefixTop = TeredoAddress.OldPrefix });
        harness.AnswerLastSolicitation(Mapped, new() { PrefixTop = TeredoAddress.OldPrefix });
        Assert.That(harness.Address.IsTeredo, Is.True);
    }

    [Test, Conformance("C-032")]
    public void AnswerToAnEarlierSolicitation_IsDropped()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(4.5);
        var solicitations = harness.Solicitations.ToArray();
        Assert.That(harness.AnswerSolicitation(solicitations[0], OtherMapped).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
        harness.AnswerSolicitation(solicitations[1], Mapped);
        Assert.That(harness.Solicitations.Last().Target, Is.EqualTo(Secondary));
    }

    [Test]
    public void AnswerTwice_SecondIsDropped()
    {
        var harness = new ClientHarness();
        harness.Start();
        var first = harness.Solicitations.Single();
        harness.AnswerSolicitation(first, Mapped);
        Assert.That(harness.AnswerSolicitation(first, OtherMapped).Kind, Is.EqualTo(VerdictKind.Dropped), "a nonce is void as soon as used");
        var second = harness.Solicitations.Last();
        harness.AnswerSolicitation(second, Mapped);
        Assert.That(harness.AnswerSolicitation(second, OtherMapped).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped));
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
    }

    [Test]
    public void AnswerOfThePrimary_InTheSecondaryPhase_IsDropped()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        var toSecondary = harness.Solicitations.Last();
        Assert.That(harness.AnswerSolicitation(toSecondary, OtherMapped, new() { OuterSource = Primary }).Kind, Is.EqualTo(VerdictKind.Dropped));
        harness.AnswerSolicitation(toSecondary, Mapped);
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
    }

    static readonly TeredoClientOptions Internet = new() { Servers = [new(IPv4("198.41.0.4"))] };

    [TestCase("10.0.0.1:39328"), TestCase("172.16.3.4:39328"), TestCase("192.168.1.1:39328"), TestCase("127.0.0.1:39328")]
    [TestCase("169.254.7.7:39328"), TestCase("100.64.0.1:39328"), TestCase("198.18.0.1:39328"), TestCase("203.0.113.11:39328")]
    [TestCase("0.0.0.0:39328"), TestCase("224.0.0.253:39328"), TestCase("255.255.255.255:39328"), TestCase("192.88.99.1:39328")]
    [TestCase("8.8.4.4:0")]
    [Conformance("C-002")]
    public void OriginNotGlobalUnicast_GivesNoAddress(string origin)
    {
        var harness = new ClientHarness(Internet);
        harness.Start();
        for (int i = 0; i < 3; i++)
        {
            Assert.That(harness.AnswerLastSolicitation(Endpoint(origin)).Kind, Is.EqualTo(VerdictKind.Dropped));
            harness.Advance(4);
        }
        Assert.That(harness.Client.Address, Is.Null);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        Assert.That(harness.EventsOf<ClientEvent.Failed>().Single().Reason, Is.EqualTo(OfflineReason.MappedAddressNotGlobal));
    }

    [Test, Conformance("C-002")]
    public void OriginGlobalUnicast_AfterOneThatIsNot_Qualifies()
    {
        var harness = new ClientHarness(Internet);
        harness.Start();
        harness.AnswerLastSolicitation(Endpoint("10.0.0.1:39328"));
        harness.Qualify(Endpoint("8.8.4.4:39328"));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Endpoint("8.8.4.4:39328")));
    }

    [Test, Conformance("C-032")]
    public void FloodOfForgedAdvertisements_NeitherStopsNorSpeedsUpQualification()
    {
        var harness = new ClientHarness();
        var random = new Random(7);
        harness.Start();
        for (int i = 0; i < 119; i++)
        {
            harness.Advance(0.1);
            ulong guess = (ulong)random.NextInt64();
            harness.AnswerLastSolicitation(OtherMapped, new() { Nonce = guess });
            harness.AnswerLastSolicitation(OtherMapped, new() { WithAuthentication = false });
            harness.AnswerLastSolicitation(OtherMapped, new() { OuterSource = Endpoint("203.0.113.66:3544") });
        }
        Assert.That(harness.Solicitations.Select(s => s.Seconds), Is.EqualTo(new[] { 0.0, 4, 8 }));
        harness.Qualify();
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped));
    }

    [Test]
    public void Nonces_OfADayOfSolicitations_NeverRepeat()
    {
        var harness = new ClientHarness(Options with { DormancyTimeout = TimeSpan.Zero });
        var nonces = new HashSet<ulong>();
        bool answers = true;
        harness.OnSent += sent =>
        {
            if (!sent.IsRouterSolicitation)
                return;
            Assert.That(nonces.Add(sent.AuthenticationNonce!.Value), Is.True, $"{sent} repeats a nonce");
            if (answers)
                harness.AnswerSolicitation(sent, Mapped);
        };
        harness.Start();
        for (int hour = 0; hour < 24; hour++)
        {
            answers = hour % 4 != 3;
            harness.Advance(3600);
            harness.Clear();
        }
        Assert.That(nonces, Has.Count.GreaterThan(2000));
    }

    [Test, Conformance("C-054")]
    public void StaleNonces_NeverChangeAQualifiedClient()
    {
        var harness = ClientHarness.Qualified();
        harness.AdvanceTo(200); // the server stays silent: many nonces were outstanding once
        var stale = harness.Solicitations.ToArray();
        Assert.That(stale, Is.Not.Empty);
        harness.AnswerSolicitations(_ => Mapped);
        harness.AdvanceTo(400);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        var address = harness.Address;
        foreach (var old in stale)
            Assert.That(harness.AnswerSolicitation(old, OtherMapped).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Address, Is.EqualTo(address));
    }

    [Test]
    public void GarbageFromTheServersEndpoint_NeverMakesTheClientSolicitMoreThanOncePer2Seconds()
    {
        var harness = new ClientHarness(Options with { Servers = [Lab.Server, OtherServer] });
        var random = new Random(11);
        harness.Start();
        for (int i = 0; i < 4000; i++)
        {
            harness.Advance(0.1);
            var last = harness.Solicitations.Last();
            byte[] payload = Advertisement.Right.ToPayload(last, Mapped, Lab.Server.Primary, null);
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                payload[random.Next(payload.Length)] ^= (byte)(1 << random.Next(8));
            harness.Receive(LocalPort.Service, last.Target, payload);
            if (i % 50 == 0)
                harness.ChangeNetwork(n => n with { Resumed = true });
        }
        foreach (var target in harness.Solicitations.GroupBy(s => s.Target))
        {
            double[] times = [.. target.Select(s => s.Seconds)];
            for (int i = 1; i < times.Length; i++)
                Assert.That(times[i] - times[i - 1], Is.GreaterThan(1.9999), $"to {target.Key} at {times[i]} s");
        }
    }
}
