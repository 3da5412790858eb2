using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>A host of the simulated internet as a machine for a node: its network.</summary>
sealed class SimulatedMachine(SimulatedHost host) : IHostNetwork
{
    public event Action? Changed;

    /// <summary>Tells that the host's network changed.</summary>
    public void Change() => Changed?.Invoke();

    public NetworkState Describe(IPv4Address server) => new()
    {
        LocalAddress = host.Address,
        AttachedSubnets = host.Network is SimulatedNat nat ? [nat.InsideSubnet] : [],
    };

    public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler)
    {
        try
        {
            return new Transport(host.Bind(local.Port), handler);
        }
        catch (InvalidOperationException)
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }
    }

    sealed class Transport : IUdpTransport
    {
        readonly TaskCompletionSource _completion = new();
        readonly SimulatedUdpSocket _socket;

        public Transport(SimulatedUdpSocket socket, DatagramHandler handler)
        {
            _socket = socket;
            socket.DatagramReceived += datagram => handler.Take(datagram.Source, datagram.Payload.Span);
        }

        public IPv4Endpoint LocalEndpoint => _socket.LocalEndpoint;
        public Task Completion => _completion.Task;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
        {
            if (!_completion.Task.IsCompleted)
                _socket.Send(target, payload, ttl);
        }

        public void Dispose()
        {
            if (_completion.TrySetResult())
                _socket.Close();
        }
    }
}

/// <summary>The virtual time of a simulated internet as a clock for nodes.</summary>
sealed class SimulatedTime(SimulatedInternet internet) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override long GetTimestamp() => internet.Now.SinceStart.Ticks;
    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + internet.Now.SinceStart;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(internet, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    sealed class Timer(SimulatedInternet internet, Action run) : ITimer
    {
        int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int version = ++_version; // what was set before is void
            if (dueTime != Timeout.InfiniteTimeSpan)
                internet.At(internet.Now + dueTime, () =>
                {
                    if (version == _version)
                        run();
                });
            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
