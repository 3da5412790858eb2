using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>Takes IPv6 packets from the tunnel; the octets are valid only during the call. Several threads may call this at once.</summary>
delegate void RelayDelivery(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets);

/// <summary>One piece of a relay's work: a datagram to send or, when <c>Transmit</c> is null, a packet to deliver.</summary>
readonly record struct RelayWork(Transmit? Transmit, int Length);

/// <summary>The driver of a <see cref="TeredoRelay"/>: its socket, its clock and its timer. Safe for any number of threads.</summary>
sealed class RelayDriver : CoreDriver<RelayWork>, ITrafficCounter
{
    readonly TeredoRelay _core;
    readonly RelayDelivery _deliver;
    readonly IUdpTransport _transport;

    /// <exception cref="SocketException">The endpoint can't be bound.</exception>
    public RelayDriver(TeredoRelayOptions options, EngineParts parts, IPv4Endpoint local, TimeProvider time, RelayDelivery deliver, ILogger log)
        : base(time, log)
    {
        (_core, _deliver) = (new(options, parts.Random), deliver);
        lock (Gate) // a datagram that comes meanwhile waits until the transport is set
            _transport = parts.Network.Open(local, (buffer, runs) => Receive(LocalPort.Service, buffer, runs));
        Metrics.Add(this);
    }

    TrafficRole ITrafficCounter.Role => TrafficRole.Relay;

    public IPv4Endpoint LocalEndpoint => _transport.LocalEndpoint;

    /// <summary>How the relay's port moves datagrams.</summary>
    public TransportFacts Transport => _transport.Facts;

    public int PeerCount
    {
        get
        {
            lock (Gate)
                return _core.PeerCount;
        }
    }

    /// <summary>How often each reason was counted; reasons that never occurred are left out.</summary>
    public Dictionary<DropReason, long> CopyDrops()
    {
        lock (Gate)
            return Enum.GetValues<DropReason>().Select(reason => (reason, _core.Drops[reason])).Where(drop => drop.Item2 > 0).ToDictionary();
    }

    long[] ITrafficCounter.CopyDrops(DropReason[] reasons)
    {
        lock (Gate)
            return Array.ConvertAll(reasons, reason => _core.Drops[reason]);
    }

    /// <summary>Closes the socket and waits until no thread uses it. Idempotent.</summary>
    public override async ValueTask DisposeAsync()
    {
        lock (Gate)
            IsStopped = true;
        await base.DisposeAsync().ConfigureAwait(false);
        _transport.Dispose();
        Metrics.Remove(this);
        await _transport.Completion.ConfigureAwait(false);
    }

    protected override Instant? NextDeadline => _core.NextDeadline;

    protected override void TakeTimeout(Instant now) => _core.HandleTimeout(now);

    protected override Verdict TakeDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload) =>
        _core.HandleDatagram(now, via, source, payload);

    protected override int TakeDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> octets, int segmentSize,
        Span<Verdict> verdicts) => _core.HandleDatagrams(now, via, source, octets, segmentSize, verdicts);

    protected override Verdict TakePacket(Instant now, ReadOnlySpan<byte> packet) => _core.HandlePacket(now, packet);

    protected override bool TakeLongPacket(Instant now, ReadOnlySpan<byte> packet, out Verdict verdict) =>
        _core.TryHandleLongPacket(now, packet, out verdict);

    protected override IUdpTransport TransportOf(LocalPort port) => _transport;

    protected override bool TryTakeWork(out RelayWork work)
    {
        if (_core.TryTakeTransmit(Buffer, out var transmit))
        {
            work = new(transmit, transmit.Length);
            Traffic.Send(1, transmit.Length);
        }
        else if (_core.TryTakeDelivery(Buffer, out int length))
            work = new(null, length);
        else
        {
            work = default;
            return false;
        }
        return true;
    }

    protected override void Do(in RelayWork work)
    {
        var octets = Buffer.AsSpan(0, work.Length);
        if (work.Transmit is { } transmit)
            _transport.Send(transmit.Target, octets, transmit.Ttl);
        else
            Deliver(octets);
    }

    protected override void Deliver(ReadOnlySpan<byte> buffer, Span<PacketRange> packets) => _deliver(buffer, packets);
}
