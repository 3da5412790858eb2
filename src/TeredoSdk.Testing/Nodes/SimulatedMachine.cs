using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Testing;

/// <summary>A simulated host as the machine of a node: its IPv4 network.</summary>
sealed class SimulatedMachine(SimulatedHost host) : IHostNetwork
{
    public event Action? Changed
    {
        add => host.NetworkChanged += value;
        remove => host.NetworkChanged -= value;
    }

    public NetworkState Describe(IPv4Address server) => host.DescribeNetwork();

    public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler)
    {
        try
        {
            return new Transport(host.Network.Internet, host.Bind(local.Port), handler);
        }
        catch (InvalidOperationException)
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }
    }

    /// <summary>The names of the internet's hosts and servers.</summary>
    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken) => host.Network.Internet.Find(name) is { } found
        ? Task.FromResult<IPAddress[]>([found.ToIPAddress()])
        : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));

    sealed class Transport : IUdpTransport
    {
        readonly TaskCompletionSource _completion = new();
        readonly SimulatedInternet _internet;
        readonly SimulatedUdpSocket _socket;

        public Transport(SimulatedInternet internet, SimulatedUdpSocket socket, DatagramHandler handler)
        {
            (_internet, _socket) = (internet, socket);
            socket.Handler = datagram => handler.Take(datagram.Source, datagram.Payload.Span);
        }

        public IPv4Endpoint LocalEndpoint => _socket.LocalEndpoint;
        public Task Completion => _completion.Task;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
        {
            if (!_completion.Task.IsCompleted && _internet.Admits("sent a packet"))
                _socket.Send(target, payload, ttl);
        }

        public void Dispose()
        {
            if (_completion.TrySetResult())
                _socket.Close();
        }
    }
}
