using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Relay;

/// <summary>A datagram that the relay sent by itself.</summary>
sealed record RelayDatagram(Instant At, Transmit Transmit, byte[] Payload)
{
    public IPv4Endpoint Target => Transmit.Target;
    public bool IsBubble => IPv6Packet.TryParse(Payload, out var packet) && packet.IsBubble;
    public IPv6Address InnerSource => IPv6Address.Read(Payload.AsSpan(8));
    public IPv6Address InnerDestination => IPv6Address.Read(Payload.AsSpan(24));
}

/// <summary>Drives one <see cref="TeredoRelay"/> on a virtual clock and records everything that comes out of it.</summary>
sealed class RelayHarness
{
    public static readonly IPv4Address Server = IPv4Address.Parse("203.0.113.1"), Own = IPv4Address.Parse("203.0.113.20");
    public static readonly IPv4Endpoint Mapped = IPv4Endpoint.Parse("203.0.113.11:39328"), Elsewhere = IPv4Endpoint.Parse("203.0.113.11:32985");
    public static readonly IPv4Endpoint ServerPort = new(Server, 3544);
    public static readonly IPv6Address ClientIp = new TeredoAddress(Server, (TeredoFlags)0x2443, Mapped).ToIPv6Address();
    public static readonly IPv6Address Native = IPv6Address.Parse("2001:db8:6::50");

    public static readonly TeredoRelayOptions Router = new()
    {
        ServedPrefixes = [new(IPv6Address.Parse("2001:db8:6::"), 64)],
        OwnAddresses = [Own],
        AllowPrivateAddresses = true,
    };

    public static readonly TeredoRelayOptions HostSpecific = Router with { ServedPrefixes = [new(Native, 128)] };

    readonly byte[] _buffer = new byte[65536];

    public RelayHarness(TeredoRelayOptions? options = null, IRandomSource? random = null) => Relay = new(options ?? Router, random ?? new SeededRandom(1));

    public TeredoRelay Relay { get; }
    public Instant Now { get; private set; }
    public List<RelayDatagram> Sent { get; } = [];
    public List<byte[]> Errors { get; } = [];

    public static IPv6Address ClientAt(IPv4Endpoint mapped, TeredoFlags flags = TeredoFlags.None) => new TeredoAddress(Server, flags, mapped);

    /// <summary>A client whose exchange is over: the relay holds nothing for it and trusts it.</summary>
    public static RelayHarness WithTrustedClient(TeredoRelayOptions? options = null)
    {
        var harness = new RelayHarness(options);
        harness.Send();
        harness.Receive(Mapped, Build.Bubble(ClientIp, harness.Sent[0].InnerSource));
        harness.Sent.Clear();
        return harness;
    }

    /// <summary>Hands in a packet of the IPv6 side; by default one for the client, whose octets pay for four bubbles.</summary>
    public Verdict Send(byte[]? packet = null)
    {
        var verdict = Relay.HandlePacket(Now, packet ?? Build.Udp(Native, ClientIp, 4 * Bubble.Size - 48));
        Drain();
        return verdict;
    }

    public Verdict Receive(IPv4Endpoint source, byte[] payload)
    {
        var verdict = Relay.HandleDatagram(Now, LocalPort.Service, source, payload);
        Drain();
        return verdict;
    }

    /// <summary>Lets time pass as a driver does: from deadline to deadline.</summary>
    public void AdvanceTo(double seconds)
    {
        var end = Instant.FromSeconds(seconds);
        while (Relay.NextDeadline is { } deadline && deadline <= end)
        {
            Assert.That(deadline, Is.GreaterThanOrEqualTo(Now), "a deadline in the past");
            Now = deadline;
            Relay.HandleTimeout(Now);
            Assert.That(Relay.NextDeadline, Is.Null.Or.GreaterThan(Now), "a deadline that does not move forward");
            Drain();
        }
        Now = end;
        int sent = Sent.Count, errors = Errors.Count;
        Relay.HandleTimeout(Now);
        Drain();
        Assert.That((Sent.Count, Errors.Count), Is.EqualTo((sent, errors)), "an early time-out did something");
    }

    public void AssertDropped(Verdict verdict, DropReason reason)
    {
        Assert.That((verdict.Kind, verdict.Reason), Is.EqualTo((VerdictKind.Dropped, reason)));
        Assert.That(Relay.Drops[reason], Is.GreaterThan(0));
    }

    void Drain()
    {
        while (Relay.TryTakeTransmit(_buffer, out var transmit))
            Sent.Add(new(Now, transmit, _buffer[..transmit.Length]));
        while (Relay.TryTakeDelivery(_buffer, out int length))
            Errors.Add(_buffer[..length]);
    }
}
