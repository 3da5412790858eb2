using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Tests.Server;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Reflection;

/// <summary>What a server's stranger can be made to send, and by whom (docs/protocol §9.4).</summary>
public sealed class ReflectorTests
{
    const int OuterHeaders = 28; // IPv4 and UDP
    const ulong Token = 0x0123_4567_89AB_CDEF;
    static readonly IPv4Address Reflector = IPv4Address.Parse("203.0.113.3");
    static readonly TeredoServerOptions Limited = Options with { Reflector = Reflector, RateLimits = new() };

    readonly record struct Output(LocalPort Via, IPv4Endpoint Target, byte[] Octets);

    sealed class Harness(TeredoServerOptions? options = null)
    {
        readonly byte[] _buffer = new byte[1500];

        public TeredoServer Server { get; } = new(options ?? Limited with { RateLimits = null }, new SeededRandom(1));

        public (DropReason Reason, List<Output> Sent) Take(IPv4Endpoint source, byte[] datagram, double at = 0, LocalPort? via = null)
        {
            var verdict = Server.HandleDatagram(Instant.FromSeconds(at), via ?? LocalPort.ServerPrimary, source, datagram);
            var sent = new List<Output>();
            while (Server.TryTakeTransmit(_buffer, out var transmit))
                sent.Add(new(transmit.Via, transmit.Target, _buffer[..transmit.Length]));
            return (verdict.Reason, sent);
        }

        public UInt128 Cookie(double at = 0) => Read(Take(MappedA, Request(ReflectionKind.Ask), at).Sent.Single().Octets).Cookie;

        public (DropReason Reason, List<Output> Sent) Order(ReflectionStep step, double at = 0) =>
            Take(MappedA, Request(ReflectionKind.Order, step, Cookie(at)), at);
    }

    static byte[] Request(ReflectionKind kind, ReflectionStep step = ReflectionStep.None, UInt128 cookie = default, TeredoAddress? asker = null,
        ulong token = Token, int size = ReflectionMessage.RequestSize)
    {
        byte[] octets = new byte[size];
        new ReflectionMessage { Kind = kind, Token = token, Step = step, Cookie = cookie }.Write(octets, asker ?? A, TeredoLinkLocal.Server(Primary));
        return octets;
    }

    public static byte[] Proof(IPv6Address source, IPv6Address destination, ulong token)
    {
        byte[] octets = new byte[ReflectionMessage.Size];
        new ReflectionMessage { Kind = ReflectionKind.Proof, Token = token, Step = ReflectionStep.Direct }.Write(octets, source, destination);
        return octets;
    }

    static ReflectionMessage Read(byte[] octets)
    {
        Assert.That(IPv6Packet.TryParse(octets, out var packet) && packet.Length == octets.Length, Is.True);
        Assert.That(ReflectionMessage.TryParse(packet, out var message), Is.True);
        return message;
    }

    // The client's answer to the stranger's bubble, with the nonce of that bubble or another.
    static byte[] BubbleFor(Output indirect, uint change = 0)
    {
        Assert.That(Encapsulation.TryParse(indirect.Octets, out var datagram, out _) && datagram.HasOrigin && datagram.Packet.IsBubble, Is.True);
        Assert.That(TrailerSet.TryParse(datagram.TrailerOctets, out var trailers), Is.True);
        byte[] bubble = new byte[Bubble.Size + 6];
        Bubble.Write(bubble, datagram.Packet.Destination, datagram.Packet.Source);
        TrailerSet.WriteNonce(bubble.AsSpan(Bubble.Size), trailers.Nonce!.Value ^ change);
        return bubble;
    }

    // docs/protocol §9.2
    [Test]
    public void Message_StandsAsThePageHasIt()
    {
        byte[] octets = new byte[80];
        new ReflectionMessage
        {
            Kind = ReflectionKind.Granted,
            Token = 0x0102_0304_0506_0708,
            Cookie = new UInt128(0x1112_1314_1516_1718, 0x191A_1B1C_1D1E_1F20),
            Stranger = new(Reflector, 3545),
            Step = ReflectionStep.OtherPort,
        }.Write(octets, A, A);
        Assert.That(octets[7], Is.EqualTo(64), "the hop limit");
        Assert.That(Convert.ToHexStringLower(octets.AsSpan(40, 2)), Is.EqualTo("c903"));
        Assert.That(Convert.ToHexStringLower(octets.AsSpan(44)), Is.EqualTo("54526566" + "0102030405060708" + "1112131415161718191a1b1c1d1e1f20" + "cb007103" + "0dd9" + "03" + "00"));
        Assert.That(Convert.ToHexStringLower(Request(ReflectionKind.Order).AsSpan(40, 2)), Is.EqualTo("c801"));
    }

    [TestCase(0, 128, TestName = "AnotherType_IsNoMessage")]
    [TestCase(4, 0, TestName = "AnotherMark_IsNoMessage")]
    public void OtherThanItsOwn(int at, int value)
    {
        byte[] octets = Proof(A, A, Token);
        _ = Read(octets);
        octets[IPv6Packet.HeaderSize + at] = (byte)value;
        Icmpv6Message.WriteChecksum(octets);
        Assert.That(IPv6Packet.TryParse(octets, out var packet) && ReflectionMessage.TryParse(packet, out _), Is.False);
    }

    [Test]
    public void Steps_AreTheSame_InWhateverPlaceAnAskerIsRemembered()
    {
        var server = new Harness();
        for (int place = 0; place <= TeredoSdk.Protocol.Reflection.Reflector.Capacity; place++)
        {
            var (_, bubble) = server.Order(ReflectionStep.Bubble, place);
            Assert.That(server.Take(MappedA, BubbleFor(bubble[0]), place, LocalPort.Reflector).Sent, Has.Count.EqualTo(1));
            Assert.That(server.Order(ReflectionStep.OtherPort, place).Reason, Is.EqualTo(DropReason.None), $"place {place}");
        }
    }

    [Test]
    public void Steps_GoOnlyToTheAskersEndpoint_FromTheRightPorts()
    {
        var server = new Harness();
        var (_, direct) = server.Order(ReflectionStep.Direct);
        var (_, bubble) = server.Order(ReflectionStep.Bubble);
        var (_, proof) = server.Take(MappedA, BubbleFor(bubble[0]), via: LocalPort.Reflector);
        var (_, other) = server.Order(ReflectionStep.OtherPort);
        Assert.Multiple(() =>
        {
            Assert.That(direct.Select(sent => sent.Via), Is.EquivalentTo(new[] { LocalPort.Reflector, LocalPort.ServerPrimary }));
            Assert.That(bubble.Select(sent => sent.Via), Is.All.EqualTo(LocalPort.ServerPrimary));
            Assert.That(proof.Select(sent => sent.Via), Is.EqualTo(new[] { LocalPort.Reflector }));
            Assert.That(other.Select(sent => sent.Via), Is.EquivalentTo(new[] { LocalPort.OtherReflector, LocalPort.ServerPrimary }));
            Assert.That(new[] { direct, bubble, proof, other }.SelectMany(sent => sent).Select(sent => sent.Target), Is.All.EqualTo(MappedA));
            Assert.That(Read(proof[0].Octets), Has.Property("Step").EqualTo(ReflectionStep.Bubble).And.Property("Token").EqualTo(Token));
            Assert.That(Read(direct.Single(sent => sent.Via == LocalPort.ServerPrimary).Octets),
                Has.Property("Kind").EqualTo(ReflectionKind.Granted).And.Property("Stranger").EqualTo(new IPv4Endpoint(Reflector, TeredoPorts.Reflector)));
        });
    }

    [Test]
    public void Requests_CauseFewerOctetsThanTheyHave_WhateverFollows([Values(0, 1, 2)] int number)
    {
        var step = (ReflectionStep)number;
        var server = new Harness();
        var sent = step == ReflectionStep.None ? server.Take(MappedA, Request(ReflectionKind.Ask)).Sent : server.Order(step).Sent;
        if (step == ReflectionStep.Bubble)
            for (int i = 0; i < 10; i++) // a client that sends bubbles on and on gets one proof
                sent = [.. sent, .. server.Take(MappedA, BubbleFor(sent[0]), via: LocalPort.Reflector).Sent];
        Assert.That(sent, Has.Count.EqualTo(step switch { ReflectionStep.None => 1, ReflectionStep.Direct => 2, _ => 3 }));
        Assert.That(sent.Sum(one => one.Octets.Length + OuterHeaders), Is.LessThan(ReflectionMessage.RequestSize + OuterHeaders));
    }

    [Test]
    public void Order_WithoutTheAskersOwnFreshCookie_IsDropped()
    {
        var server = new Harness();
        var cookie = server.Cookie();
        DropReason Order(UInt128 shown, TeredoAddress? asker = null, IPv4Endpoint? source = null, ulong token = Token, double at = 0)
        {
            var (reason, sent) = server.Take(source ?? MappedA, Request(ReflectionKind.Order, ReflectionStep.Direct, shown, asker, token), at);
            Assert.That(sent, Has.Count.EqualTo(reason == DropReason.None ? 2 : 0));
            return reason;
        }
        Assert.Multiple(() =>
        {
            Assert.That(Order(0), Is.EqualTo(DropReason.BadReflectionCookie), "none");
            Assert.That(Order(cookie + 1), Is.EqualTo(DropReason.BadReflectionCookie), "a guess");
            Assert.That(Order(cookie, asker: B, source: MappedB), Is.EqualTo(DropReason.BadReflectionCookie), "another client's");
            Assert.That(Order(cookie, asker: new(Primary, TeredoFlags.None, MappedA)), Is.EqualTo(DropReason.BadReflectionCookie), "another address's");
            Assert.That(Order(cookie, token: Token + 1), Is.EqualTo(DropReason.BadReflectionCookie), "another check's");
            Assert.That(Order(cookie, source: MappedB), Is.EqualTo(DropReason.SourceMismatch), "in another's name");
            Assert.That(Order(cookie, at: 29), Is.EqualTo(DropReason.None));
            Assert.That(Order(cookie, at: 60), Is.EqualTo(DropReason.BadReflectionCookie), "an old one");
            Assert.That(server.Server.Drops[DropReason.BadReflectionCookie], Is.EqualTo(6));
        });
    }

    [Test]
    public void Order_OfAnotherServersClient_OrToTheWrongPlace_IsDropped()
    {
        var server = new Harness();
        var foreign = AddressOf(MappedA, IPv4Address.Parse("203.0.113.77"));
        byte[] toGroup = Request(ReflectionKind.Ask);
        IPv6Address.Parse("ff02::2").Write(toGroup.AsSpan(24));
        byte[] native = new byte[ReflectionMessage.RequestSize];
        new ReflectionMessage { Kind = ReflectionKind.Ask, Token = Token }.Write(native, Native, A);
        byte[] damaged = Request(ReflectionKind.Ask);
        damaged[^1] ^= 1;
        Assert.Multiple(() =>
        {
            Assert.That(server.Take(MappedA, Request(ReflectionKind.Ask, asker: foreign)).Reason, Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Take(MappedA, toGroup).Reason, Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Take(RelayEndpoint, native).Reason, Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Take(MappedA, Request(ReflectionKind.Ask), via: LocalPort.ServerSecondary).Reason, Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Take(MappedA, damaged).Reason, Is.EqualTo(DropReason.MalformedIcmpv6));
            Assert.That(server.Take(MappedA, Request(ReflectionKind.Ask, size: ReflectionMessage.RequestSize - 1)).Reason, Is.EqualTo(DropReason.ReflectionTooSmall));
            Assert.That(server.Take(MappedA, Request(ReflectionKind.Ask, size: 1281)).Reason, Is.EqualTo(DropReason.TooLarge));
            Assert.That(server.Order(ReflectionStep.OtherPort).Reason, Is.EqualTo(DropReason.NotAccepted), "no bubble came before");
        });
    }

    [Test]
    public void Server_WithoutReflector_KnowsNothingOfIt()
    {
        var server = new Harness(Options);
        Assert.That(server.Take(MappedA, Request(ReflectionKind.Ask)).Reason, Is.EqualTo(DropReason.TooLarge));
        Assert.That(() => server.Take(MappedA, Request(ReflectionKind.Ask), via: LocalPort.Reflector), Throws.ArgumentException);
    }

    [Test]
    public void Bubbles_ThatAnswerNoOrder_CauseNothing()
    {
        var server = new Harness();
        var bubble = server.Order(ReflectionStep.Bubble).Sent[0];
        byte[] toServer = BubbleOf(A, Primary6());
        DropReason Take(IPv4Endpoint source, byte[] datagram, double at = 0)
        {
            var (reason, sent) = server.Take(source, datagram, at, LocalPort.Reflector);
            Assert.That(sent, Has.Count.EqualTo(reason == DropReason.None ? 1 : 0));
            return reason;
        }
        Assert.Multiple(() =>
        {
            Assert.That(Take(MappedB, BubbleFor(bubble, change: 1)), Is.EqualTo(DropReason.NonceMismatch), "a victim as source");
            Assert.That(Take(MappedA, Request(ReflectionKind.Ask)), Is.EqualTo(DropReason.UnexpectedOnPort));
            Assert.That(Take(MappedA, toServer), Is.EqualTo(DropReason.BadInnerDestination));
            Assert.That(Take(MappedA with { Port = 3544 }, BubbleFor(bubble)), Is.EqualTo(DropReason.SourceNotGlobal), "a server");
            Assert.That(Take(MappedA, BubbleFor(bubble), at: 10), Is.EqualTo(DropReason.Untrusted), "too late");
            Assert.That(Take(MappedA with { Port = 999 }, BubbleFor(bubble), at: 9), Is.EqualTo(DropReason.None), "the nonce came through the NAT");
            Assert.That(Take(MappedA, BubbleFor(bubble), at: 9), Is.EqualTo(DropReason.Untrusted), "once");
            Assert.That(server.Take(MappedA, BubbleFor(bubble), via: LocalPort.OtherReflector).Reason, Is.EqualTo(DropReason.UnexpectedOnPort));
            byte[] indirect = BubbleOf(A, Read6(bubble));
            Assert.That(server.Take(MappedA, indirect).Reason, Is.EqualTo(DropReason.NotAccepted), "the server forwards nothing to its own stranger");
        });

        static IPv6Address Primary6() => TeredoLinkLocal.Server(Primary);
        static IPv6Address Read6(Output bubble) => Encapsulation.TryParse(bubble.Octets, out var datagram, out _) ? datagram.Packet.Source : default;
    }

    [Test]
    public void Flood_OfOneClient_IsCutAtItsAnswers()
    {
        var server = new Harness(Limited);
        var cookie = server.Cookie();
        int granted = 0;
        for (int i = 0; i < 1000; i++) // 10 seconds
            granted += server.Take(MappedA, Request(ReflectionKind.Order, ReflectionStep.Direct, cookie), i * 0.01).Reason == DropReason.None ? 1 : 0;
        Assert.That(granted, Is.EqualTo(3 + 19).Within(1));
        Assert.That(server.Server.Drops[DropReason.RateLimited], Is.EqualTo(1000 - granted));
    }

    [Test]
    public void Flood_OfForgedOrders_LeavesTheClientItsAnswers()
    {
        var server = new Harness(Limited);
        for (int i = 0; i < 1000; i++)
            server.Take(MappedA, Request(ReflectionKind.Order, ReflectionStep.Direct, (UInt128)i));
        Assert.That(server.Take(MappedA, Vectors.Tv01).Sent, Has.Count.EqualTo(1));
    }

    [Test]
    public void Flood_OfManyClients_IsCut_AndNoOrderOfTheLastTenSecondsIsLost()
    {
        var server = new Harness();
        var waiting = new List<(IPv4Endpoint Source, byte[] Bubble)>();
        for (int i = 0; i < 5000; i++) // 10 seconds
        {
            var source = new IPv4Endpoint(new(0x0B00_0000 + (uint)i), 5000);
            var asker = AddressOf(source);
            double at = i * 0.00199;
            var cookie = Read(server.Take(source, Request(ReflectionKind.Ask, asker: asker), at).Sent.Single().Octets).Cookie;
            var (reason, sent) = server.Take(source, Request(ReflectionKind.Order, ReflectionStep.Bubble, cookie, asker), at);
            if (reason == DropReason.None)
                waiting.Add((source, BubbleFor(sent[0])));
        }
        Assert.That(waiting, Has.Count.EqualTo(Protocol.Reflection.Reflector.OrdersAtOnce + 199).Within(2).And.Count.LessThan(Protocol.Reflection.Reflector.Capacity));
        Assert.That(waiting.Count(one => server.Take(one.Source, one.Bubble, 9.96, LocalPort.Reflector).Reason == DropReason.None), Is.EqualTo(waiting.Count));
    }

    [Test]
    public void Options_AskForAnAddressOfItsOwn()
    {
        foreach (string address in new[] { "203.0.113.1", "203.0.113.2", "224.0.0.1", "0.0.0.0" })
        {
            var options = Options with { Reflector = IPv4Address.Parse(address) };
            Assert.That(() => new TeredoServer(options, new SeededRandom(1)), Throws.ArgumentException.With.Message.StartsWith($"Reflector is {address}; expected "));
        }
    }
}
