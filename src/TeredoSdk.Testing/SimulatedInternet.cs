using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Server;

namespace TeredoSdk.Testing;

/// <summary>An internet in virtual time: hosts, NATs, Teredo servers and relays, native IPv6 nodes, and the links between them.</summary>
/// <remarks>
/// <para>
/// <c>var alice = internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host("alice");</c> puts a host behind a
/// port-restricted NAT. Nothing happens until <see cref="RunFor"/> or <see cref="RunUntil"/> lets time pass; this takes only the time to compute the
/// events. The same program with the same seed sees the same datagrams at the same instants.
/// </para>
/// <para>
/// Public addresses look global: servers are in 11.1.0.0/16, hosts in 11.2.0.0/16, NATs in 11.3.0.0/16, and native nodes in 2610::/32. The insides of
/// NATs are 192.168.n.0/24. The simulation is single-threaded: calls must not overlap. <see cref="RunAsync"/> runs real nodes and code with <c>await</c> in it.
/// </para>
/// </remarks>
public sealed partial class SimulatedInternet : SimulatedNetwork
{
    readonly EventQueue _events = new();
    readonly SimulatedRandom _random;
    readonly HashSet<string> _names = [];
    readonly Dictionary<string, SimulatedHost> _hostsByName = new(StringComparer.OrdinalIgnoreCase);
    readonly List<SimulatedServer> _servers = [];
    readonly List<PacketCapture> _captures = [];
    ulong _streams;
    uint _hosts, _serverPairs, _natAddresses, _lans;

    /// <summary>Makes an internet without hosts.</summary>
    /// <param name="seed">Decides every random choice in this internet.</param>
    public SimulatedInternet(ulong seed = 1) : base(null)
    {
        Seed = seed;
        _random = new(seed);
        (_thread, TimeProvider) = (new(_events), new VirtualTime(this));
        Native = new(this);
        Capture = new(this, null);
        _captures.Add(Capture);
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>The current instant; zero at the start.</summary>
    public Instant Now => _events.Now;

    /// <summary>The path between any two public addresses; by default 50 ms one way and 6 routers.</summary>
    public override Link Core { get; } = new() { Delay = TimeSpan.FromMilliseconds(50), Hops = 6 };

    /// <summary>The path between any two nodes of the native IPv6 internet; by default 50 ms one way.</summary>
    public Link NativeCore => Native.Core;

    /// <summary>The one-way delay between any two public addresses: short for <c>Core.Delay</c>.</summary>
    public TimeSpan Delay
    {
        get => Core.Delay;
        set => Core.Delay = value;
    }

    /// <summary>The probability that a datagram is lost in the core: short for <c>Core.Loss</c>.</summary>
    public double Loss
    {
        get => Core.Loss;
        set => Core.Loss = value;
    }

    /// <summary>How far delays in the core vary: short for <c>Core.Jitter</c>.</summary>
    public TimeSpan Jitter
    {
        get => Core.Jitter;
        set => Core.Jitter = value;
    }

    /// <summary>The Teredo servers, in the order they were added.</summary>
    public IReadOnlyList<SimulatedServer> Servers => _servers;

    /// <summary>The last datagrams that were sent between public addresses; see <see cref="WritePcap"/>.</summary>
    public PacketCapture Capture { get; }

    /// <summary>
    /// Raised for each datagram that a host sends or a NAT forwards, before any link acts on it. The handler must not act on the internet.
    /// </summary>
    public event Action<SimulatedDatagram>? DatagramSent;

    /// <summary>Raised for each datagram that does not arrive. The handler must not act on the internet.</summary>
    public event Action<SimulatedDatagram, DatagramLoss>? DatagramLost;

    /// <summary>Lets the given time pass.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    /// <exception cref="InvalidOperationException">Time does not advance, because two parts answer each other without delay; or <see cref="RunAsync"/> is on, which lets time pass by itself.</exception>
    public void RunFor(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        RequireNoRun();
        var end = Now + time;
        while (_events.Step(end))
        {
        }
    }

    /// <summary>Lets time pass until a condition is true.</summary>
    /// <param name="condition">Checked before the first event and after each event.</param>
    /// <param name="limit">The longest time to pass.</param>
    /// <returns>Whether the condition is true; if not, the limit has passed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    /// <exception cref="InvalidOperationException">Time does not advance, because two parts answer each other without delay; or <see cref="RunAsync"/> is on, which lets time pass by itself.</exception>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero);
        RequireNoRun();
        var end = Now + limit;
        while (!condition())
            if (!_events.Step(end))
                return condition();
        return true;
    }

    /// <summary>Calls an action at a later instant. An instant in the past means as soon as possible.</summary>
    public void At(Instant time, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        _events.At(time, action);
    }

    /// <summary>Adds a running Teredo server with two public addresses.</summary>
    /// <param name="configure">Changes the options; null for no change. New addresses must be free.</param>
    public SimulatedServer Server(Func<TeredoServerOptions, TeredoServerOptions>? configure = null)
    {
        var primary = new IPv4Address(0x0B01_0001 + 16 * _serverPairs++);
        var options = new TeredoServerOptions { Primary = primary, Secondary = new IPv4Address(primary.Value + 1), ForwardNative = true };
        string name = UniqueName("server");
        TakeName(name);
        var server = new SimulatedServer(this, name, configure is null ? options : configure(options));
        _servers.Add(server);
        return server;
    }

    /// <summary>Adds a relay with a public address. It serves all native nodes, unless the options say otherwise.</summary>
    /// <param name="configure">Changes the options; null for no change.</param>
    public SimulatedRelay Relay(Func<TeredoRelayOptions, TeredoRelayOptions>? configure = null) =>
        SimulatedRelay.On(Host(UniqueName("relay")), null, configure);

    /// <summary>Adds a node of the native IPv6 internet.</summary>
    /// <param name="name">The name in messages; unique in the internet.</param>
    public SimulatedNativeNode NativeNode(string name)
    {
        TakeName(name);
        return new(Native, name);
    }

    /// <summary>Starts to record the datagrams that one node sends and receives.</summary>
    public PacketCapture CaptureAt(ISimulatedNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        var capture = new PacketCapture(null, node);
        _captures.Add(capture);
        return capture;
    }

    /// <summary>Writes the content of <see cref="Capture"/> to a pcap file, for the report of a failed test.</summary>
    /// <param name="path">The file, which is overwritten. Missing folders are created.</param>
    public void WritePcap(string path) => Capture.WritePcap(path);

    internal NativeNetwork Native { get; }

    internal override bool CarriesMulticast => false;

    internal override IPv4Address NextAddress(int count)
    {
        uint first = 0x0B02_0001 + _hosts;
        _hosts += (uint)count;
        return new(first);
    }

    internal IPv4Address NextNatAddress(int count)
    {
        // The addresses of each NAT start at a multiple of 16, so that a trace is easy to read.
        uint first = 0x0B03_0001 + _natAddresses;
        _natAddresses += (uint)(count + 15) / 16 * 16;
        return new(first);
    }

    internal IPv4Subnet NextLan()
    {
        uint number = _lans++;
        return number < 255 ? new(new(0xC0A8_0100 + (number << 8)), 24) : new(new(0x0A00_0000 + (number << 8)), 24);
    }

    internal SimulatedRandom NextRandom() => _random.Derive(_streams++);

    internal void TakeName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_names.Add(name))
            throw new ArgumentException($"The name '{name}' is taken; names are unique in an internet.", nameof(name));
    }

    internal string UniqueName(string stem)
    {
        for (int number = 1; ; number++)
            if (!_names.Contains(number == 1 ? stem : $"{stem}{number}"))
                return number == 1 ? stem : $"{stem}{number}";
    }

    internal void Add(SimulatedHost host) => _hostsByName[host.Name] = host;

    internal void Sent(SimulatedNetwork on, in SimulatedDatagram datagram)
    {
        foreach (var capture in _captures)
            capture.Sent(on, datagram);
        DatagramSent?.Invoke(datagram);
    }

    internal void Arrived(ISimulatedNode at, in SimulatedDatagram datagram)
    {
        foreach (var capture in _captures)
            capture.Arrived(at, datagram);
    }

    internal void Lost(in SimulatedDatagram datagram, DatagramLoss loss) => DatagramLost?.Invoke(datagram, loss);
}
