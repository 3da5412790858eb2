using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests;

/// <summary>A network in memory without NATs: a datagram arrives before the call that sent it returns, in the order of sending.</summary>
sealed class MemoryNetwork
{
    readonly Lock _gate = new();
    readonly Dictionary<IPv4Endpoint, Transport> _transports = [];
    readonly Queue<(IPv4Endpoint Source, IPv4Endpoint Target, byte[] Payload)> _underway = new();
    ushort _nextPort = 50000;
    bool _delivering;

    /// <summary>Sees each datagram; false loses it.</summary>
    public Func<IPv4Endpoint, IPv4Endpoint, byte[], bool> Passes { get; set; } = (_, _, _) => true;

    /// <summary>How many sockets are open.</summary>
    public int OpenSockets
    {
        get
        {
            lock (_gate)
                return _transports.Count;
        }
    }

    public MemoryHost Host(string address) => new(this, IPv4Address.Parse(address));

    Transport Open(IPv4Endpoint local, DatagramHandler handler)
    {
        lock (_gate)
        {
            if (local.Port == 0)
                local = local with { Port = _nextPort++ };
            var transport = new Transport(this, local, handler);
            return _transports.TryAdd(local, transport) ? transport : throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }
    }

    void Send(IPv4Endpoint source, IPv4Endpoint target, byte[] payload)
    {
        if (!Passes(source, target, payload))
            return;
        lock (_gate)
        {
            _underway.Enqueue((source, target, payload));
            if (_delivering)
                return;
            _delivering = true;
        }
        while (true)
        {
            Transport? receiver;
            (IPv4Endpoint Source, IPv4Endpoint Target, byte[] Payload) next;
            lock (_gate)
            {
                if (!_underway.TryDequeue(out next))
                {
                    _delivering = false;
                    return;
                }
                receiver = _transports.GetValueOrDefault(next.Target);
            }
            receiver?.Receive(next.Source, next.Payload);
        }
    }

    /// <summary>One machine of the network.</summary>
    public sealed class MemoryHost(MemoryNetwork network, IPv4Address address) : IHostNetwork
    {
        public event Action? Changed;

        public IPv4Address Address { get; private set; } = address;
        public bool HasIPv4 { get; private set; } = true;
        public bool HasNativeIPv6 { get; set; }

        /// <summary>What tells this network from another one; null when it is not known.</summary>
        public NetworkGateway? Gateway { get; set; }

        /// <summary>The machine gets another address, or none.</summary>
        public void Move(string? to)
        {
            MoveUntold(to);
            Changed?.Invoke();
        }

        /// <summary>As <see cref="Move"/>, but nobody is told.</summary>
        public void MoveUntold(string? to)
        {
            HasIPv4 = to is not null;
            Address = to is null ? default : IPv4Address.Parse(to);
        }

        public bool IsWatched => Changed is not null;

        public NetworkState Describe(IPv4Address server) => new() { HasIPv4 = HasIPv4, LocalAddress = Address, HasNativeIPv6 = HasNativeIPv6, Gateway = Gateway };

        /// <summary>What names resolve to; null: to nothing.</summary>
        public Func<string, string?> Names { get; set; } = _ => null;

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Names(host) is { } address
            ? Task.FromResult<IPAddress[]>([IPAddress.Parse(address)])
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) => network.Open(local, handler);

    }

    sealed class Transport(MemoryNetwork network, IPv4Endpoint local, DatagramHandler handler) : IUdpTransport
    {
        readonly TaskCompletionSource _completion = new();

        public IPv4Endpoint LocalEndpoint => local;
        public Task Completion => _completion.Task;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
        {
            if (!_completion.Task.IsCompleted)
                network.Send(local, target, payload.ToArray());
        }

        public void Receive(IPv4Endpoint source, byte[] payload) => handler.Take(source, payload);

        public void Dispose()
        {
            lock (network._gate)
                network._transports.Remove(local);
            _completion.TrySetResult();
        }
    }
}
