using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Server;

namespace TeredoSdk.Testing;

/// <summary>A Teredo server with one or two public addresses: the driver of a <see cref="TeredoServer"/>.</summary>
public sealed class SimulatedServer
{
    const ushort Port = 3544; // RFC 4380 §2.7

    readonly SimulatedUdpSocket _primary;
    readonly SimulatedUdpSocket? _secondary;
    readonly byte[] _buffer = new byte[65_535];

    internal SimulatedServer(SimulatedInternet internet, string name, TeredoServerOptions options)
    {
        Core = new(options, internet.NextRandom());
        Host = new(internet, name);
        Host.AddAddress(options.Primary);
        _primary = Host.Bind(options.Primary, Port, datagram => HandleDatagram(LocalPort.ServerPrimary, datagram));
        if (options.Secondary is { } secondary)
        {
            Host.AddAddress(secondary);
            _secondary = Host.Bind(secondary, Port, datagram => HandleDatagram(LocalPort.ServerSecondary, datagram));
        }
        Address = new(options.Primary, options.Secondary ?? new IPv4Address(options.Primary.Value + 1));
    }

    /// <summary>The host that the server runs on.</summary>
    public SimulatedHost Host { get; }

    /// <summary>The protocol core. Read from it, but do not feed it inputs; the driver does that.</summary>
    public TeredoServer Core { get; }

    /// <summary>The addresses that clients are configured with.</summary>
    public TeredoServerAddress Address { get; }

    /// <summary>Whether the server receives packets; true by default. It keeps no state, so a pause loses only datagrams.</summary>
    public bool IsRunning { get; set; } = true;

    /// <summary>Whether the server receives packets at its secondary address; true by default.</summary>
    public bool SecondaryIsRunning { get; set; } = true;

    void HandleDatagram(LocalPort via, SimulatedDatagram datagram)
    {
        if (!IsRunning || (via == LocalPort.ServerSecondary && !SecondaryIsRunning))
            return;
        var internet = Host.Network.Internet;
        Core.HandleDatagram(internet.Now, via, datagram.Source, datagram.Payload.Span);
        while (Core.TryTakeTransmit(_buffer, out var transmit))
            SocketOf(transmit.Via).Send(transmit.Target, _buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        while (Core.TryTakeDelivery(_buffer, out int length))
            internet.Native.Send(_buffer.AsSpan(0, length));
    }

    SimulatedUdpSocket SocketOf(LocalPort port) => port == LocalPort.ServerSecondary && _secondary is { } secondary ? secondary : _primary;
}
