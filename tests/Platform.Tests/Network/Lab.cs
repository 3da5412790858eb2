using System.Text;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>
/// An internet of network namespaces: a bridge for IPv4, one for native IPv6, and hosts, servers and NATs on them. Describe it with the
/// Add methods, start it, use it; dispose ends all its processes and removes all of it.
/// </summary>
sealed class Lab : IAsyncDisposable
{
    /// <summary>The start of the internet's IPv4 addresses; documentation addresses, which no real host has.</summary>
    public const string DocumentationInternet = "203.0.113";

    /// <summary>For programs that refuse documentation addresses (miniupnpd). Nothing leaves the lab.</summary>
    public const string OrdinaryInternet = "45.45.45";

    /// <summary>The start of the native IPv6 addresses.</summary>
    public const string Internet6 = "2001:db8:6:";

    static int Labs;
    readonly string _internet;
    readonly LabHost _exchange;
    readonly List<LabHost> _hosts = [];
    readonly List<LabProcess> _processes = [];
    readonly List<DelayedWire> _wires = [];
    int _ports, _nats, _publicHosts = 29;
    bool _started;

    public Lab(string internet = DocumentationInternet)
    {
        _internet = internet;
        Name = $"{Leftovers.Prefix}{Environment.ProcessId}x{Interlocked.Increment(ref Labs)}";
        Scratch = Path.Combine(Path.GetTempPath(), Name);
        _exchange = Add(new LabHost(this, "inet"));
        Wires = Add(new LabHost(this, "wires"));
        Wires.Settings["ipv6/conf/default/disable_ipv6"] = "1";
    }

    /// <summary>The start of the names of its namespaces.</summary>
    public string Name { get; }

    /// <summary>A folder for configurations, logs and captures, which every user may read.</summary>
    public string Scratch { get; }

    /// <summary>
    /// True: the bridge drops UDP with a TTL under 10, as routers between two NATs would, so that a bubble of a low TTL opens the sender's
    /// NAT and never reaches the other one.
    /// </summary>
    public bool HasRouterHop { get; init; } = true;

    public IReadOnlyList<LabHost> Hosts => _hosts;

    /// <summary>Holds the ends of wires that take time. It has no addresses, so that its kernel answers nothing on the way.</summary>
    public LabHost Wires { get; }

    /// <summary>All processes that were started in it.</summary>
    public IReadOnlyList<LabProcess> Processes
    {
        get
        {
            lock (_processes)
                return [.. _processes];
        }
    }

    /// <summary>Adds a host that is on the IPv4 internet with these last octets, and on the native IPv6 one with the first of them.</summary>
    public LabHost AddPublicHost(string name, bool native, params int[] octets)
    {
        var host = Add(new LabHost(this, name));
        if (octets.Length == 0)
            octets = [++_publicHosts];
        host.Links.Add(new("eth0", _exchange, "br4", NextPort(), [.. octets.Select(octet => $"{_internet}.{octet}/24")], null));
        return native ? AddNative(host, octets[0]) : host;
    }

    /// <summary>Adds the host for a Teredo server: .1 and .2 (the second server: .5 and .6), and native IPv6.</summary>
    public LabHost AddServer(string name = "server") =>
        AddPublicHost(name, native: true, _hosts.Any(host => host.Name == "server") ? [5, 6] : [1, 2]);

    /// <summary>Adds the host for a Teredo relay, which forwards IPv6: .20.</summary>
    public LabHost AddRelay()
    {
        var relay = AddPublicHost("relay", native: true, 20);
        relay.Settings["ipv6/conf/all/forwarding"] = "1";
        return relay;
    }

    /// <summary>Adds a host that has native IPv6 only; its way to Teredo addresses is the relay.</summary>
    public LabHost AddNativeHost(string name = "native")
    {
        var host = AddNative(Add(new LabHost(this, name)), 50);
        host.Routes.Add($"route add 2001::/32 via {Internet6}:20");
        return host;
    }

    /// <summary>Adds a NAT to the internet: .11, .12, ...; its LAN is 10.N.0.0/24.</summary>
    public LabNat AddNat(string name, NatKind kind, bool dropsInput = true)
    {
        var nat = Add(NewNat(name, kind, dropsInput));
        nat.Links.Add(new("eth0", _exchange, "br4", NextPort(), [$"{_internet}.{10 + _nats}/24"], null));
        return nat;
    }

    public LabNat NewNat(string name, NatKind kind, bool dropsInput) => new(this, name, kind, dropsInput, ++_nats);

    public string NextPort() => $"port{++_ports}";

    public T Add<T>(T host) where T : LabHost
    {
        if (_started || _hosts.Any(other => other.Name == host.Name))
            throw new InvalidOperationException($"{host.Name} can't be added: the lab is started or has one.");
        _hosts.Add(host);
        return host;
    }

    LabHost AddNative(LabHost host, int number)
    {
        host.Links.Add(new($"eth{(host.Links.Count == 0 ? 0 : 6)}", _exchange, "br6", NextPort(), [$"{Internet6}:{number}/64"], null));
        return host;
    }

    /// <summary>Builds the network.</summary>
    public async Task StartAsync()
    {
        await Leftovers.SweepOnceAsync();
        _started = true;
        Directory.CreateDirectory(Scratch, (UnixFileMode)0b111_101_101);
        LabFiles.Write(this);
        await Shell.RunAsync(LabScript.Namespaces(this));
        foreach (var host in _hosts)
            host.Run(() => host.Settings.Select(setting => WriteSetting(setting.Key, setting.Value)).Count());
        await Shell.RunAsync(LabScript.Links(this));
        foreach (var host in _hosts.Where(host => host.Delay > TimeSpan.Zero))
            _wires.AddRange(host.Links.Select(link => Wires.Run(() => new DelayedWire(link.NearEnd, link.FarEnd, host.Delay))));
        await Task.WhenAll(_hosts.OfType<LabNat>().Select(nat => nat.ApplyRulesAsync()));
        if (HasRouterHop)
            await _exchange.ShellAsync(LabScript.RouterHop);
    }

    static bool WriteSetting(string name, string value)
    {
        File.WriteAllText($"/proc/sys/net/{name}", value);
        return true;
    }

    public void Remember(LabProcess process)
    {
        lock (_processes)
            _processes.Add(process);
    }

    /// <summary>What all processes of the lab said, for a test that failed.</summary>
    public string Transcript => Processes.Aggregate(new StringBuilder(), (text, process) => text.AppendLine(process.Transcript)).ToString();

    /// <summary>Ends all processes and removes namespaces and files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_started)
            return;
        _started = false;
        foreach (var wire in _wires)
            wire.Dispose();
        await Leftovers.RemoveAsync(Name);
        foreach (var process in Processes)
            await process.DisposeAsync();
    }
}
