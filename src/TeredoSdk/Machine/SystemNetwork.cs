using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>The IPv4 network of this machine. It watches the network while somebody listens to <see cref="Changed"/>.</summary>
/// <param name="log">The log.</param>
/// <param name="datapath">The highest rung of the datapath that UDP sockets use.</param>
sealed class SystemNetwork(ILogger log, TeredoDatapath datapath = TeredoDatapath.Auto) : IHostNetwork
{
    const int GatewayLooks = 30; // 1.5 s in all
    static readonly TimeSpan GatewayPause = TimeSpan.FromMilliseconds(50);

    readonly Lock _gate = new();
    Action? _changed;
    IDisposable? _watch;
    string? _watchProblem;
    Seen _seen = new([], false);
    bool _isBufferTold, _isRungTold;
    bool _hadPath, _knewGateway;
    uint _lastLocal; // 0 before an address was found

    public event Action? Changed
    {
        add
        {
            lock (_gate)
            {
                _changed += value;
                if (_changed is not null)
                    _watch ??= NetworkWatch.Open(() => Volatile.Read(ref _changed)?.Invoke(), log, out _watchProblem);
            }
        }
        remove
        {
            lock (_gate)
            {
                _changed -= value;
                if (_changed is not null)
                    return;
                _watch?.Dispose();
                _watch = null;
            }
        }
    }

    public string? WatchProblem
    {
        get
        {
            lock (_gate)
                return _watchProblem;
        }
    }

    public NetworkState Describe(IPv4Address server)
    {
        var local = FindLocalAddress(server);
        if (NetworkInterfaces.Read(Look, log) is { } seen)
            Volatile.Write(ref _seen, seen); // when they can't be listed now, what was seen last is the best guess
        else
            seen = Volatile.Read(ref _seen);
        return new()
        {
            HasIPv4 = local is not null,
            LocalAddress = local ?? default,
            Gateway = OperatingSystem.IsLinux() ? FindGateway(server, local) : null,
            AttachedSubnets = seen.Subnets,
            HasNativeIPv6 = seen.HasNativeIPv6,
        };
    }

    public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) => Open(local, handler, isShard: false);

    public IUdpTransport[] OpenShards(IPv4Endpoint local, IReadOnlyList<DatagramHandler> handlers)
    {
        if (handlers.Count == 1)
            return [Open(local, handlers[0])];
        using (var lone = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            lone.Bind(local.ToIPEndPoint()); // fails beside the shards of another server, which would let ours in
        var shards = new List<IUdpTransport>();
        try
        {
            foreach (var handler in handlers)
                shards.Add(Open(local, handler, isShard: true));
            return [.. shards];
        }
        catch (SocketException)
        {
            shards.ForEach(shard => shard.Dispose());
            throw;
        }
    }

    IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler, bool isShard)
    {
        IUdpTransport transport = OperatingSystem.IsLinux() && datapath != TeredoDatapath.Sockets
            ? new BatchTransport(local, datapath <= TeredoDatapath.Segments, handler, log, isShard)
            : new SocketTransport(local, handler, log, isShard: isShard);
        var facts = transport.Facts;
        if (facts.Problem is not null && !Interlocked.Exchange(ref _isRungTold, true))
            Log.DatapathRung(log, facts.Way, facts.Problem);
        if (facts.ReceiveBufferOctets < SocketTransport.BufferOctets && !Interlocked.Exchange(ref _isBufferTold, true))
            Log.SmallReceiveBuffer(log, facts.ReceiveBufferOctets, SocketTransport.BufferOctets);
        return transport;
    }

    // When the path comes back, the kernel has to ask for the link address anew. By it the client knows whether this is the same network.
    [SupportedOSPlatform("linux")]
    NetworkGateway? FindGateway(IPv4Address server, IPv4Address? local)
    {
        bool isBack = local is not null && !Volatile.Read(ref _hadPath) && Volatile.Read(ref _knewGateway);
        Volatile.Write(ref _hadPath, local is not null);
        if (local is null or { IsLoopback: true })
            return null;
        var gateway = NextHop.Find(server);
        if (isBack && gateway is null)
            NextHop.Provoke(server);
        for (int look = 0; isBack && gateway is null && look < GatewayLooks; look++)
        {
            Thread.Sleep(GatewayPause);
            gateway = NextHop.Find(server);
        }
        if (gateway is not null)
            Volatile.Write(ref _knewGateway, true);
        return gateway;
    }

    static Seen Look(IEnumerable<NetworkInterface> interfaces)
    {
        List<IPv4Subnet> subnets = [];
        bool native = false;
        foreach (var networkInterface in interfaces)
        {
            if (networkInterface.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
                continue;
            var properties = networkInterface.GetIPProperties();
            foreach (var unicast in properties.UnicastAddresses)
            {
                if (unicast.Address.AddressFamily == AddressFamily.InterNetwork && unicast.PrefixLength is >= 1 and <= 32)
                    subnets.Add(new(IPv4Address.FromIPAddress(unicast.Address), unicast.PrefixLength));
                else if (unicast.Address.AddressFamily == AddressFamily.InterNetworkV6 && IsNative(IPv6Address.FromIPAddress(unicast.Address)))
                    native |= DefaultRoute.LeadsOver(networkInterface.Name, properties);
            }
        }
        return new(subnets, native);
    }

    // RFC 4380 §5.5. Unique local and 6to4 addresses do not count.
    static bool IsNative(IPv6Address address) => address is { IsNative: true, Is6to4: false };

    // Returns the address of the interface that leads to the server. Connecting a UDP socket sends nothing.
    IPv4Address? FindLocalAddress(IPv4Address server)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPv4Endpoint(server, Protocol.Wire.TeredoPorts.Server).ToIPEndPoint());
            var local = IPv4Address.FromIPAddress(((System.Net.IPEndPoint)socket.LocalEndPoint!).Address);
            Volatile.Write(ref _lastLocal, local.Value);
            return local;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable
            && Volatile.Read(ref _lastLocal) is not 0 and var last)
        {
            return new(last); // this process is at a limit, which says nothing about the network
        }
        catch (SocketException)
        {
            return null; // there is no route
        }
    }

    sealed record Seen(IReadOnlyList<IPv4Subnet> Subnets, bool HasNativeIPv6);
}
