using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>A scripted Teredo client somewhere else.</summary>
/// <param name="Address">Its address; the embedded mapping is where its server saw it.</param>
sealed record Peer(TeredoAddress Address)
{
    /// <summary>Flags as a client of RFC 5991 has them: random bits only.</summary>
    public const TeredoFlags SomeFlags = (TeredoFlags)0x1443;

    public IPv4Endpoint Mapped => Address.MappedEndpoint;
    public IPv4Endpoint Server => new(Address.Server, 3544);

    /// <summary>The n-th peer: 8.0.0.1, 8.0.0.2 and so on, port 4096, all of the server 5.6.7.8.</summary>
    public static Peer Number(int n = 0) => At(new IPv4Endpoint(new(0x08000001 + (uint)n), 4096));

    public static Peer At(string mapped, string server = "5.6.7.8", TeredoFlags flags = SomeFlags) => At(Lab.Endpoint(mapped), server, flags);

    static Peer At(IPv4Endpoint mapped, string server = "5.6.7.8", TeredoFlags flags = SomeFlags) =>
        new(new TeredoAddress(Lab.IPv4(server), flags, mapped));
}

/// <summary>A qualified client between scripted peers, relays and servers, under the strict address policy.</summary>
/// <remarks>The addresses are those of RFC 4380 §3's example: server 1.2.3.4, client 10.0.0.2:1234 behind 9.0.0.1:4096, peer 8.0.0.1.</remarks>
static class PeerHarness
{
    public static readonly TeredoServerAddress OwnServer = new(Lab.IPv4("1.2.3.4"));
    public static readonly IPv4Endpoint ServerPrimary = new(OwnServer.Primary, 3544);
    public static readonly IPv4Endpoint ServerSecondary = new(OwnServer.Secondary, 3544);
    public static readonly IPv4Endpoint Local = Lab.Endpoint("10.0.0.2:1234");
    public static readonly IPv4Endpoint Mapped = Lab.Endpoint("9.0.0.1:4096");
    public static readonly IPv6Address Native = Lab.IPv6("2001:db8:6::50");
    public static readonly IPv4Endpoint RelayEndpoint = Lab.Endpoint("7.0.0.7:3545");

    /// <summary>Between a bubble and its repetition: 2 s and up to 250 ms, and a moment.</summary>
    public const double Round = 2.26;

    public static TeredoClientOptions Options => new()
    {
        Servers = [OwnServer],
        ServicePort = Local.Port,
        MapPort = false,
        DormancyTimeout = TimeSpan.Zero,
    };

    /// <summary>A client whose server goes on answering its solicitations, with nothing recorded yet.</summary>
    public static ClientHarness Qualified(Func<TeredoClientOptions, TeredoClientOptions>? change = null, IPv4Endpoint? mapped = null,
        IPv4Endpoint? atSecondary = null, Action<ClientHarness>? prepare = null)
    {
        var primary = mapped ?? Mapped;
        var secondary = atSecondary ?? primary;
        var harness = new ClientHarness(change?.Invoke(Options) ?? Options)
        {
            Network = new() { LocalAddress = Local.Address, AttachedSubnets = [new(Local.Address, 24)] },
        };
        prepare?.Invoke(harness);
        harness.Qualify(primary, secondary);
        harness.AnswerSolicitations(sent => sent.Via != LocalPort.Service ? null : sent.Target == ServerSecondary ? secondary : primary);
        harness.Clear();
        return harness;
    }

    /// <summary>A client behind a symmetric NAT whose ports follow no rule.</summary>
    public static ClientHarness Symmetric(TeredoExtensions extensions = TeredoExtensions.SymmetricNatSupport) =>
        Qualified(o => o with { Extensions = extensions }, atSecondary: Lab.Endpoint("9.0.0.1:51170"));

    /// <summary>A client with some of the extensions.</summary>
    public static ClientHarness With(TeredoExtensions extensions) => Qualified(o => o with { Extensions = extensions });

    /// <summary>The host sends a UDP packet.</summary>
    public static Verdict SendTo(this ClientHarness client, IPv6Address destination, int octets = 12) => client.Send(client.PacketTo(destination, octets));

    public static byte[] PacketTo(this ClientHarness client, IPv6Address destination, int octets = 12) => Build.Udp(client.Address, destination, octets);

    /// <summary>A bubble through our server, from the peer's embedded mapping unless another origin is given.</summary>
    public static Verdict ReceiveIndirect(this ClientHarness client, Peer peer, params byte[][] trailers) =>
        client.Receive(ServerPrimary, Build.WithOrigin(peer.Mapped, Build.Bubble(peer.Address, client.Address, trailers)));

    /// <summary>A direct bubble from the peer's embedded mapping.</summary>
    public static Verdict ReceiveDirect(this ClientHarness client, Peer peer, params byte[][] trailers) =>
        client.ReceiveDirectFrom(peer.Mapped, peer, trailers);

    public static Verdict ReceiveDirectFrom(this ClientHarness client, IPv4Endpoint source, Peer peer, params byte[][] trailers) =>
        client.Receive(source, Build.Bubble(peer.Address, client.Address, trailers));

    public static Verdict ReceiveDirectOn(this ClientHarness client, LocalPort via, IPv4Endpoint source, Peer peer, params byte[][] trailers) =>
        client.Receive(via, source, Build.Bubble(peer.Address, client.Address, trailers));

    /// <summary>A UDP packet of the peer, from its embedded mapping unless another source is given.</summary>
    public static Verdict ReceiveData(this ClientHarness client, Peer peer, IPv4Endpoint? source = null) =>
        client.Receive(source ?? peer.Mapped, Build.Udp(peer.Address, client.Address));

    /// <summary>Makes the peer trusted by a direct bubble from its embedded mapping, and forgets what that caused.</summary>
    public static void Trust(this ClientHarness client, Peer peer)
    {
        Assert.That(client.ReceiveDirect(peer), Is.EqualTo(Verdict.Consumed));
        client.Clear();
    }

    /// <summary>Makes a native node trusted through a relay, and forgets what that caused.</summary>
    public static void TrustNative(this ClientHarness client, IPv6Address native, IPv4Endpoint relay)
    {
        client.SendTo(native);
        client.Receive(relay, Build.EchoReplyTo(client.EchoRequests().Last()));
        client.Clear();
    }

    public static List<SentDatagram> Direct(this ClientHarness client) => [.. client.Sent.Where(s => s.IsDirectBubble)];

    public static List<SentDatagram> Indirect(this ClientHarness client) => [.. client.Sent.Where(s => s.IsIndirectBubble)];

    public static List<SentDatagram> EchoRequests(this ClientHarness client) => [.. client.Sent.Where(s => s.IsEchoRequest)];

    /// <summary>Everything sent but the solicitations of maintenance: those of the service port, and of the check of the mapping.</summary>
    public static List<SentDatagram> SentToPeers(this ClientHarness client) =>
        [.. client.Sent.Where(s => !(s.IsRouterSolicitation && (s.Via == LocalPort.Service || s.Via == LocalPort.Interval)))];

    /// <summary>The nonce of the last indirect bubble.</summary>
    public static uint LastNonce(this ClientHarness client) =>
        client.Indirect().Last().TrailerNonce ?? throw new AssertionException("the indirect bubble has no nonce");

    public static IEnumerable<double> Times(this IEnumerable<SentDatagram> sent) => sent.Select(s => s.Seconds);

    /// <summary>The ICMPv6 Destination Unreachable messages among what reached the host.</summary>
    public static List<byte[]> Unreachables(this ClientHarness client) => [.. client.Delivered.Where(IsUnreachable)];

    static bool IsUnreachable(byte[] packet) =>
        IPv6Packet.TryParse(packet, out var ipv6) && Icmpv6Message.TryParse(ipv6, out var message)
        && message is { Type: Icmpv6Type.DestinationUnreachable, Code: Icmpv6Error.AddressUnreachable };
}
