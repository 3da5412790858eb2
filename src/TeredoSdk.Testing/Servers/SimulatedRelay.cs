using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;

namespace TeredoSdk.Testing;

/// <summary>A Teredo relay or host-specific relay: the driver of a <see cref="TeredoRelay"/>.</summary>
public sealed class SimulatedRelay
{
    readonly TeredoRelayOptions _options;
    readonly SimulatedUdpSocket _socket;
    readonly DeadlineTimer _timer;
    readonly byte[] _buffer = new byte[65_535];

    SimulatedRelay(SimulatedHost host, SimulatedNativeNode? node, TeredoRelayOptions options)
    {
        Host = host;
        Node = node;
        _options = options;
        Core = new(options, Internet.NextRandom());
        _socket = host.Bind(host.Address, 0, HandleDatagram);
        _timer = new(Internet, () => Core.NextDeadline, HandleTimeout);
        Internet.Native.Add(this);
    }

    /// <summary>The host that the relay runs on.</summary>
    public SimulatedHost Host { get; }

    /// <summary>The native IPv6 side of a host-specific relay; null for a relay that serves other hosts.</summary>
    public SimulatedNativeNode? Node { get; }

    /// <summary>Whether the relay serves only its own host (RFC 4380 §5.4).</summary>
    public bool IsHostSpecific => Node is not null;

    /// <summary>The protocol core. Read from it, but do not feed it inputs; the driver does that.</summary>
    public TeredoRelay Core { get; }

    /// <summary>The UDP endpoint that the relay is bound to.</summary>
    public IPv4Endpoint LocalEndpoint => _socket.LocalEndpoint;

    /// <summary>Whether the relay receives packets; true by default. It remembers its peers meanwhile.</summary>
    public bool IsRunning { get; set; } = true;

    internal static SimulatedRelay On(SimulatedHost host, SimulatedNativeNode? node, Func<TeredoRelayOptions, TeredoRelayOptions>? configure)
    {
        var options = new TeredoRelayOptions
        {
            ServedPrefixes = [node is null ? NativeNetwork.Prefix : new(node.Address, 128)],
            OwnAddresses = [host.Address],
            AttachedSubnets = host.Network is SimulatedNat nat ? [nat.InsideSubnet] : [],
        };
        return new(host, node, configure is null ? options : configure(options));
    }

    internal bool Serves(IPv6Address source) => _options.ServedPrefixes.Any(prefix => prefix.Contains(source));

    internal void HandlePacket(byte[] packet)
    {
        if (!IsRunning)
            return;
        var verdict = Core.HandlePacket(Internet.Now, packet);
        if (verdict.Kind == VerdictKind.Send)
            _socket.Send(verdict.Target, packet.AsSpan(verdict.Offset, verdict.Length));
        Drain();
    }

    SimulatedInternet Internet => Host.Network.Internet;

    void HandleDatagram(SimulatedDatagram datagram)
    {
        if (!IsRunning)
            return;
        var verdict = Core.HandleDatagram(Internet.Now, LocalPort.Service, datagram.Source, datagram.Payload.Span);
        if (verdict.Kind == VerdictKind.Deliver)
            ToNative(datagram.Payload.Span.Slice(verdict.Offset, verdict.Length));
        Drain();
    }

    void HandleTimeout()
    {
        Core.HandleTimeout(Internet.Now);
        Drain();
    }

    void Drain()
    {
        while (Core.TryTakeTransmit(_buffer, out var transmit))
            _socket.Send(transmit.Target, _buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        while (Core.TryTakeDelivery(_buffer, out int length))
            ToNative(_buffer.AsSpan(0, length));
        _timer.Update();
    }

    void ToNative(ReadOnlySpan<byte> packet)
    {
        if (Node is { } node && IPv6Address.Read(packet[24..]) == node.Address)
            node.Receive(packet);
        else
            Internet.Native.Send(packet);
    }
}
