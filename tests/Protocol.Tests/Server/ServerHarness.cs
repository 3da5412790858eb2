using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>A datagram that the server sent, or a native packet when <see cref="Via"/> is null.</summary>
sealed record Sent(string Hex, LocalPort? Via, Ipv4Endpoint Target)
{
    public int Length => Hex.Length / 2;
}

/// <summary>A laboratory server with the addresses of the test vectors, and what it sent.</summary>
sealed class ServerHarness
{
    public static readonly Ipv4Address Primary = Ipv4Address.Parse("203.0.113.1"), Secondary = Ipv4Address.Parse("203.0.113.2");
    public static readonly Ipv4Endpoint MappedA = Ipv4Endpoint.Parse("203.0.113.11:39328"), MappedB = Ipv4Endpoint.Parse("203.0.113.12:59982");
    public static readonly Ipv4Endpoint RelayEndpoint = Ipv4Endpoint.Parse("203.0.113.20:3545");
    public static readonly TeredoAddress A = TeredoAddress.Parse("2001:0:cb00:7101:2443:665f:34ff:8ef4"), B = TeredoAddress.Parse("2001:0:cb00:7101:c3:15b1:34ff:8ef3");
    public static readonly Ipv6Address Native = Ipv6Address.Parse("2001:db8:6::50");

    public static readonly TeredoServerOptions Options = new() { Primary = Primary, Secondary = Secondary, AllowPrivateAddresses = true, RateLimits = false };

    readonly byte[] _buffer = new byte[1500];

    public ServerHarness(TeredoServerOptions? options = null) => Server = new(options ?? Options, new SeededRandom(1));

    public TeredoServer Server { get; }

    /// <summary>Hands in a datagram and takes what it caused; more than one output fails the test.</summary>
    public (Verdict Verdict, Sent? Sent) Handle(Ipv4Endpoint source, ReadOnlySpan<byte> payload, bool toSecondary = false, double at = 0)
    {
        var verdict = Server.HandleDatagram(Instant.FromSeconds(at), toSecondary ? LocalPort.ServerSecondary : LocalPort.ServerPrimary, source, payload);
        var sent = new List<Sent>();
        while (Server.TryTakeTransmit(_buffer, out var transmit))
            sent.Add(new(Convert.ToHexStringLower(_buffer, 0, transmit.Length), transmit.Via, transmit.Target));
        while (Server.TryTakeDelivery(_buffer, out int length))
            sent.Add(new(Convert.ToHexStringLower(_buffer, 0, length), null, default));
        Assert.That(sent, Has.Count.EqualTo(verdict.Kind == VerdictKind.Consumed ? 1 : 0), "one output for what is consumed, none for what is dropped");
        return (verdict, sent.SingleOrDefault());
    }

    public Sent Answer(Ipv4Endpoint source, ReadOnlySpan<byte> payload, bool toSecondary = false, double at = 0)
    {
        var (verdict, sent) = Handle(source, payload, toSecondary, at);
        Assert.That(verdict, Is.EqualTo(Verdict.Consumed));
        return sent!;
    }

    public DropReason Drop(Ipv4Endpoint source, ReadOnlySpan<byte> payload, bool toSecondary = false, double at = 0)
    {
        var (verdict, _) = Handle(source, payload, toSecondary, at);
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Dropped));
        return verdict.Reason;
    }

    public static byte[] Bubble(Ipv6Address source, Ipv6Address destination)
    {
        var packet = new byte[Wire.Bubble.Size];
        Wire.Bubble.Write(packet, source, destination);
        return packet;
    }

    public static byte[] Echo(Ipv6Address source, Ipv6Address destination, int dataLength = 8, Icmpv6Type type = Icmpv6Type.EchoRequest, byte hopLimit = 64)
    {
        var packet = new byte[48 + dataLength];
        EchoMessage.WritePacket(packet, type, source, destination, 1, 2, new byte[dataLength], hopLimit);
        return packet;
    }

    public static TeredoAddress AddressOf(Ipv4Endpoint mapped, Ipv4Address? server = null) => new(server ?? Primary, TeredoFlags.None, mapped);
}

/// <summary>The same octets in every run.</summary>
sealed class SeededRandom(int seed) : IRandomSource
{
    readonly Random _random = new(seed);

    public void Fill(Span<byte> octets) => _random.NextBytes(octets);
}

/// <summary>The test vectors that concern a server, with the numbers of the conformance brief.</summary>
static class Vectors
{
    const string AdvertisementToClient = "6000000000383afffe800000000000008000f22734ff8efefe800000000000000000ffffffffffff8600954c0000000000000000000007d003044040ffffffffffffffff0000000020010000cb00710100000000000000000501000000000500";
    const string AdvertisementToCone = "6000000000383afffe800000000000008000f22734ff8efefe800000000000008000ffffffffffff8600154c0000000000000000000007d003044040ffffffffffffffff0000000020010000cb00710100000000000000000501000000000500";

    public static readonly byte[] Tv01 = Hex("00010000be8f7520984f1be9006000000000083afffe800000000000000000ffffffffffffff02000000000000000000000000000285007d3700000000");
    public const string Tv02 = "00010000be8f7520984f1be9000000665f34ff8ef4" + AdvertisementToClient;
    public static readonly byte[] Tv03 = Hex("6000000000083afffe800000000000008000ffffffffffffff0200000000000000000000000000028500fd3600000000");
    public const string Tv04 = "0001000011223344556677880000006e1734ff8ee1" + AdvertisementToCone;
    public const string Tv04WithoutAuthentication = "00006e1734ff8ee1" + AdvertisementToCone;
    public static readonly byte[] Tv05 = Hex("00010914636c69656e742d30310e05b0bfbb423e98889ec0abb58025aba921afde0123456789abcdef006000000000083afffe800000000000000000ffffffffffffff02000000000000000000000000000285007d3700000000");
    public const string Tv06 = "00010914636c69656e742d30319ad067b43666ce7d14ff1f755470d9e40641844c0123456789abcdef000000665f34ff8ef4" + AdvertisementToClient;
    public static readonly byte[] Tv07 = Hex("6000000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef3");
    public const string Tv08 = "0000665f34ff8ef46000000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef3";
    public static readonly byte[] Tv09 = Hex("6000000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef30104cafebabe");
    public static readonly byte[] Tv12 = Hex("6000000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef30104cafebabe030e00000a01000299a0c0a8010799a0");
    public static readonly byte[] Tv15 = Hex("6000000000103a4020010000cb0071012443665f34ff8ef420010db800060000000000000000005080001d4054450001f00dfeed01234567");
    public const string Tv20 = "0000f22634ff8eeb6000000000003b00fe8000000000000038937d049058f0a320010000cb0071012443665f34ff8ef4";
    public static readonly byte[] Tv26 = Hex("0000feaefefdfc");
    public static readonly byte[] Tv27 = Hex("0001ffffbe8f7520984f1be9006000000000083afffe800000000000000000ffffffffffffff02000000000000000000000000000285007d3700000000");
    public static readonly byte[] Tv28 = Hex("6000000000083afffe800000000000000000ffffffffffffff02000000000000000000000000000285007d37000000");
    public static readonly byte[] Tv29 = Hex("4500000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef3");
    public static readonly byte[] Tv30 = Hex("0000feaefefdfcfb0000feaefefdfcfb6000000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef3");

    public static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
