using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>A datagram that the server sent, or a native packet when <see cref="Via"/> is null.</summary>
sealed record Sent(string Hex, LocalPort? Via, IPv4Endpoint Target)
{
    public int Length => Hex.Length / 2;
}

/// <summary>A laboratory server with the addresses of the test vectors, and what it sent.</summary>
sealed class ServerHarness
{
    public static readonly IPv4Address Primary = IPv4Address.Parse("203.0.113.1"), Secondary = IPv4Address.Parse("203.0.113.2");
    public static readonly IPv4Endpoint MappedA = IPv4Endpoint.Parse("203.0.113.11:39328"), MappedB = IPv4Endpoint.Parse("203.0.113.12:59982");
    public static readonly IPv4Endpoint RelayEndpoint = IPv4Endpoint.Parse("203.0.113.20:3545");
    public static readonly TeredoAddress A = TeredoAddress.Parse("2001:0:cb00:7101:2443:665f:34ff:8ef4"), B = TeredoAddress.Parse("2001:0:cb00:7101:c3:15b1:34ff:8ef3");
    public static readonly IPv6Address Native = IPv6Address.Parse("2001:db8:6::50");

    public static readonly TeredoServerOptions Options = new() { Primary = Primary, Secondary = Secondary, AllowPrivateAddresses = true, RateLimits = null };

    readonly byte[] _buffer = new byte[1500];

    public ServerHarness(TeredoServerOptions? options = null) => Server = new(options ?? Options, new SeededRandom(1));

    public TeredoServer Server { get; }

    /// <summary>Hands in a datagram and takes what it caused; more than one output fails the test.</summary>
    public (Verdict Verdict, Sent? Sent) Handle(IPv4Endpoint source, ReadOnlySpan<byte> payload, bool toSecondary = false, double at = 0)
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

    public Sent Answer(IPv4Endpoint source, ReadOnlySpan<byte> payload, bool toSecondary = false, double at = 0)
    {
        var (verdict, sent) = Handle(source, payload, toSecondary, at);
        Assert.That(verdict, Is.EqualTo(Verdict.Consumed));
        return sent!;
    }

    public DropReason Drop(IPv4Endpoint source, ReadOnlySpan<byte> payload, bool toSecondary = false, double at = 0)
    {
        var (verdict, _) = Handle(source, payload, toSecondary, at);
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Dropped));
        return verdict.Reason;
    }

    public static byte[] BubbleOf(IPv6Address source, IPv6Address destination)
    {
        var packet = new byte[Bubble.Size];
        Bubble.Write(packet, source, destination);
        return packet;
    }

    public static byte[] Echo(IPv6Address source, IPv6Address destination, int dataLength = 8, Icmpv6Type type = Icmpv6Type.EchoRequest, byte hopLimit = 64)
    {
        var packet = new byte[48 + dataLength];
        EchoMessage.WritePacket(packet, type, source, destination, 1, 2, new byte[dataLength], hopLimit);
        return packet;
    }

    public static TeredoAddress AddressOf(IPv4Endpoint mapped, IPv4Address? server = null) => new(server ?? Primary, TeredoFlags.None, mapped);
}

/// <summary>The test vectors that concern a server, with the numbers of docs/protocol §2.8.</summary>
static class Vectors
{
    public static readonly byte[] Tv01 = TestData.Vector("TV-01");
    public static readonly byte[] Tv03 = TestData.Vector("TV-03");
    public static readonly byte[] Tv05 = TestData.Vector("TV-05");
    public static readonly byte[] Tv07 = TestData.Vector("TV-07");
    public static readonly byte[] Tv09 = TestData.Vector("TV-09");
    public static readonly byte[] Tv12 = TestData.Vector("TV-12");
    public static readonly byte[] Tv15 = TestData.Vector("TV-15");
    public static readonly byte[] Tv26 = TestData.Vector("TV-26");
    public static readonly byte[] Tv27 = TestData.Vector("TV-27");
    public static readonly byte[] Tv28 = TestData.Vector("TV-28");
    public static readonly byte[] Tv29 = TestData.Vector("TV-29");
    public static readonly byte[] Tv30 = TestData.Vector("TV-30");

    // What a server sends, as the harness shows it.
    public static readonly string Tv02 = Sent("TV-02"), Tv04 = Sent("TV-04"), Tv06 = Sent("TV-06"), Tv08 = Sent("TV-08"), Tv20 = Sent("TV-20");
    public static readonly string Tv04WithoutAuthentication = Tv04[(2 * Authentication.MinimumSize)..];

    public static byte[] Hex(string hex) => Convert.FromHexString(hex);

    static string Sent(string name) => Convert.ToHexStringLower(TestData.Vector(name));
}
