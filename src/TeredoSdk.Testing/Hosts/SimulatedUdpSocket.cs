using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A UDP socket of a simulated host.</summary>
public sealed class SimulatedUdpSocket
{
    readonly SimulatedHost _host;
    readonly List<SimulatedDatagram> _received = [];

    internal SimulatedUdpSocket(SimulatedHost host, IPv4Endpoint local, Action<SimulatedDatagram>? handler)
    {
        _host = host;
        LocalEndpoint = local;
        Handler = handler;
    }

    /// <summary>The endpoint that the socket is bound to.</summary>
    public IPv4Endpoint LocalEndpoint { get; internal set; }

    /// <summary>The datagrams that have arrived, in order.</summary>
    public IReadOnlyList<SimulatedDatagram> Received => _received;

    /// <summary>Raised for each datagram that arrives. The handler may send.</summary>
    public event Action<SimulatedDatagram>? DatagramReceived;

    /// <summary>Sends a datagram.</summary>
    /// <param name="target">The destination.</param>
    /// <param name="payload">The UDP payload; it is copied.</param>
    /// <param name="ttl">The IPv4 time to live in hops, or 0 for 64.</param>
    public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl = 0) => _host.Send(LocalEndpoint, target, payload, ttl);

    /// <summary>Closes the socket. No more datagrams arrive, and the port is free.</summary>
    public void Close() => _host.Close(this);

    /// <summary>Takes what arrives, in place of <see cref="Received"/> and the event; null for none.</summary>
    internal Action<SimulatedDatagram>? Handler { get; set; }

    internal void Receive(in SimulatedDatagram datagram)
    {
        if (Handler is not null)
        {
            Handler(datagram);
            return;
        }
        _received.Add(datagram);
        DatagramReceived?.Invoke(datagram);
    }
}
