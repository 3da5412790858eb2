using System.Net;
using System.Net.Sockets;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

// The calls that the SDK makes, each with the first Windows version that has it.
public sealed partial class FakeWindows
{
    /// <inheritdoc/>
    public Reading<WindowsService> ReadService(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Read(nameof(ReadService), () => name.Equals("tcpip6", StringComparison.OrdinalIgnoreCase)
            ? new() { Exists = IPv6Installed, IsRunning = IPv6Installed, StartType = ServiceStartType.Automatic }
            : Services.TryGetValue(name, out var service) ? service : default);
    }

    /// <inheritdoc/>
    public Task StartServiceAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        cancellationToken.ThrowIfCancellationRequested();
        var service = RequireService(nameof(StartServiceAsync), $"Starting the service {name}", name);
        if (service.IsDisabled)
            throw new TeredoException(TeredoError.ServiceStopped, $"The service {name} is disabled, so it can't be started.");
        Services[name] = service with { IsRunning = true };
        Note($"StartService {name}");
        RaiseChanged();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void SetServiceStart(string name, ServiceStartType start)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var service = RequireService(nameof(SetServiceStart), $"Changing the service {name}", name);
        Services[name] = service with { StartType = start };
        Note($"SetServiceStart {name} {start}");
    }

    /// <inheritdoc/>
    public bool FileExists(string path) => Files.ContainsKey(path) || File.Exists(path);

    /// <inheritdoc/>
    public string FinalPathOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        foreach (var (link, target) in Links)
        {
            if (path.StartsWith(link, StringComparison.OrdinalIgnoreCase) && (path.Length == link.Length || path[link.Length] == '\\'))
                return target + path[link.Length..];
        }
        return path;
    }

    /// <inheritdoc/>
    public Reading<object?> ReadRegistry(string key, string name) => Read(nameof(ReadRegistry), () => RegistryValue(key, name));

    /// <inheritdoc/>
    public Reading<TeredoConfiguration> ReadConfiguration() => Read(nameof(ReadConfiguration), () => Teredo.Configuration, 6, 2);

    /// <inheritdoc/>
    public void WriteConfiguration(TeredoConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Begin(nameof(WriteConfiguration));
        RequireElevation("Changing the Teredo configuration");
        if (Absent(nameof(WriteConfiguration), 6, 2) is { } reason)
            throw new TeredoException(TeredoError.NotSupported, reason);
        Note(nameof(WriteConfiguration));
        Teredo.Write(configuration, isPersistent: !CimWritesActiveStoreOnly);
    }

    /// <inheritdoc/>
    public Reading<TeredoStatus> ReadStatus() => Read(nameof(ReadStatus), () => Teredo.StatusOfCim, 6, 2);

    /// <inheritdoc/>
    public Task<Reading<NetshOutput>> RunNetshAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Read(nameof(RunNetshAsync), () => Netsh.Run(arguments)));
    }

    /// <inheritdoc/>
    public Reading<FirewallHealth> ReadFirewallHealth() => Runs("wscsvc")
        ? Read(nameof(ReadFirewallHealth), () => FirewallHealth, 6, 0)
        : Reading.Unknown<FirewallHealth>("The service wscsvc, which watches the firewall, does not run.");

    /// <inheritdoc/>
    public Reading<IReadOnlyList<EdgeTraversalFilter>> ReadEdgeTraversalFilters() => IsElevated
        ? Read(nameof(ReadEdgeTraversalFilters), () => EdgeTraversalFilters, 6, 0)
        : Reading.Unknown<IReadOnlyList<EdgeTraversalFilter>>("Reading the filters needs an administrator or a network configuration operator.");

    /// <inheritdoc/>
    public Reading<IReadOnlyList<WindowsAddress>> ReadAddresses() =>
        Read<IReadOnlyList<WindowsAddress>>(nameof(ReadAddresses), () => IPv6Installed ? [.. Addresses, .. Teredo.Addresses] : []);

    /// <inheritdoc/>
    public Reading<string> ReadCimText() => Read(nameof(ReadCimText), () => $"instance of MSFT_NetTeredoConfiguration {{ Type = {(int?)Teredo.Configuration.Type}; }};", 6, 2);

    /// <inheritdoc/>
    public Reading<IReadOnlyList<WindowsListener>> ReadListeners() => Read<IReadOnlyList<WindowsListener>>(nameof(ReadListeners), () =>
        [.. Listeners, .. Teredo.State == TeredoClientState.Qualified ? [Teredo.Listener] : Array.Empty<WindowsListener>()]);

    /// <inheritdoc/>
    public Reading<IReadOnlyList<WindowsAdapter>> ReadAdapters() => Read(nameof(ReadAdapters), () => Adapters);

    /// <inheritdoc/>
    public async Task<Reading<bool>> WakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _wakeCalls);
        if (Read(nameof(WakeAsync), () => true, 6, 0) is { IsKnown: false } unknown)
            return unknown;
        await Teredo.WakeAsync(cancellationToken).ConfigureAwait(false);
        return Reading.Of(true);
    }

    /// <inheritdoc/>
    public Reading<bool> SendTraffic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var sent = Read(nameof(SendTraffic), () => Teredo.TrySend(address));
        return sent is not { IsKnown: true, Value: false } ? sent
            : Reading.Unknown<bool>($"Nothing can be sent from {address}, because no interface has this address.");
    }

    /// <inheritdoc/>
    public Reading<int> ReadTeredoPort() => Teredo.State == TeredoClientState.Inactive
        ? Reading.Unknown<int>("The Teredo client is not started.")
        : Read(nameof(ReadTeredoPort), () => Teredo.Port, 6, 0);

    /// <inheritdoc/>
    public Socket CreateSocket(SocketType type, IPProtectionLevel level)
    {
        var protocol = type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp;
        var socket = new Socket(AddressFamily.InterNetworkV6, type, protocol) { DualMode = false };
        if (OperatingSystem.IsWindows())
            socket.SetIPProtectionLevel(level);
        lock (_gate)
            _sockets.Add(new() { Type = type, Level = level, Socket = socket });
        Note($"CreateSocket {type} {level}");
        return socket;
    }

    /// <inheritdoc/>
    public Task<Reading<IPAddress[]>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Read<IPAddress[]>(nameof(ResolveAsync), () => Dns.TryGetValue(host, out var addresses) ? addresses : []));
    }

    Reading<T> Read<T>(string call, Func<T> read, int major = 5, int minor = 1)
    {
        try
        {
            Begin(call);
        }
        catch (TeredoException planned)
        {
            return Reading.Unknown<T>(planned.Message);
        }
        return Absent(call, major, minor) is { } reason ? Reading.Unknown<T>(reason) : Reading.Of(read());
    }

    WindowsService RequireService(string call, string what, string name)
    {
        Begin(call);
        RequireElevation(what);
        if (Absent(call) is { } reason)
            throw new TeredoException(TeredoError.ServiceStopped, reason);
        return Services.TryGetValue(name, out var service) ? service
            : throw new TeredoException(TeredoError.ServiceStopped, $"There is no service {name} on this system.");
    }
}
