using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Testing;

/// <summary>A Teredo server with one or two public addresses: the driver of a <see cref="TeredoServer"/>.</summary>
public sealed class SimulatedServer
{
    readonly SimulatedUdpSocket _primary;
    readonly SimulatedUdpSocket? _secondary, _reflector, _otherReflector;
    readonly byte[] _buffer = new byte[65_535];

    internal SimulatedServer(SimulatedInternet internet, string name, TeredoServerOptions options)
    {
        Core = new(options, internet.NextRandom());
        Host = new(internet, name);
        Host.AddAddress(options.Primary);
        _primary = Host.Bind(options.Primary, TeredoPorts.Server, datagram => HandleDatagram(LocalPort.ServerPrimary, datagram));
        if (options.Secondary is { } secondary)
        {
            Host.AddAddress(secondary);
            _secondary = Host.Bind(secondary, TeredoPorts.Server, datagram => HandleDatagram(LocalPort.ServerSecondary, datagram));
        }
        if (options.Reflector is { } reflector)
        {
            Host.AddAddress(reflector);
            _reflector = Host.Bind(reflector, TeredoPorts.Reflector, datagram => HandleDatagram(LocalPort.Reflector, datagram));
            _otherReflector = Host.Bind(reflector, TeredoPorts.OtherReflector, datagram => HandleDatagram(LocalPort.OtherReflector, datagram));
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

    /// <summary>Whether the reflector sends and receives; true by default. Its server answers all the same.</summary>
    public bool ReflectorIsRunning { get; set; } = true;

    void HandleDatagram(LocalPort via, SimulatedDatagram datagram)
    {
        if (!IsRunning || (via == LocalPort.ServerSecondary && !SecondaryIsRunning) || (IsReflector(via) && !ReflectorIsRunning))
            return;
        var internet = Host.Network.Internet;
        Core.HandleDatagram(internet.Now, via, datagram.Source, datagram.Payload.Span);
        while (Core.TryTakeTransmit(_buffer, out var transmit))
            if (ReflectorIsRunning || !IsReflector(transmit.Via))
                SocketOf(transmit.Via).Send(transmit.Target, _buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        while (Core.TryTakeDelivery(_buffer, out int length))
            internet.Native.Send(_buffer.AsSpan(0, length));
    }

    static bool IsReflector(LocalPort port) => port == LocalPort.Reflector || port == LocalPort.OtherReflector;

    SimulatedUdpSocket SocketOf(LocalPort port) => (port == LocalPort.ServerSecondary ? _secondary
        : port == LocalPort.Reflector ? _reflector
        : port == LocalPort.OtherReflector ? _otherReflector : null) ?? _primary;
}
