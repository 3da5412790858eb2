using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native;
using TeredoSdk.Windows.Native.Cim;
using TeredoSdk.Windows.Native.Files;
using TeredoSdk.Windows.Native.Filtering;
using TeredoSdk.Windows.Native.Firewall;
using TeredoSdk.Windows.Native.IpHelper;
using TeredoSdk.Windows.Native.Names;
using TeredoSdk.Windows.Native.Netsh;
using TeredoSdk.Windows.Native.Services;

namespace TeredoSdk.Windows;

/// <summary>
/// The Windows of this machine (Windows 7 and later). Where a version lacks something, the result says so. Safe for any number of threads.
/// </summary>
[SupportedOSPlatform("windows")]
[Experimental("TEREDO001")]
public sealed class WindowsSystem : IWindowsSystem
{
    const int SIO_UDP_CONNRESET = unchecked((int)0x9800000C); // MSWSock.h

    readonly Lazy<string?> _programPath = new(() => Environment.ProcessPath is { } path ? FinalPaths.Of(path) : null);

    WindowsSystem()
    {
    }

    /// <summary>The one instance of this process.</summary>
    public static WindowsSystem Current { get; } = new();

    /// <inheritdoc/>
    public event Action? Changed
    {
        add => ChangeFeed.Shared.Add(value);
        remove => ChangeFeed.Shared.Remove(value);
    }

    /// <inheritdoc/>
    public Version Version => Environment.OSVersion.Version;

    /// <inheritdoc/>
    public bool IsElevated => Environment.IsPrivilegedProcess;

    /// <inheritdoc/>
    public string? ProgramPath => _programPath.Value;

    /// <inheritdoc/>
    public IWindowsFirewall Firewall { get; } = new WindowsFirewall();

    /// <inheritdoc/>
    public Reading<WindowsService> ReadService(string name) => ServiceManager.Read(name);

    /// <inheritdoc/>
    public Task StartServiceAsync(string name, CancellationToken cancellationToken) => ServiceManager.StartAsync(name, cancellationToken);

    /// <inheritdoc/>
    public void SetServiceStart(string name, ServiceStartType start) => ServiceManager.SetStart(name, start);

    /// <inheritdoc/>
    public string FinalPathOf(string path) => FinalPaths.Of(path);

    /// <inheritdoc/>
    public Reading<object?> ReadRegistry(string key, string name) => SystemRegistry.Read(key, name);

    /// <inheritdoc/>
    public Reading<TeredoConfiguration> ReadConfiguration() => CimTeredo.ReadConfiguration();

    /// <inheritdoc/>
    public void WriteConfiguration(TeredoConfiguration configuration) => CimTeredo.WriteConfiguration(configuration);

    /// <inheritdoc/>
    public Reading<TeredoStatus> ReadStatus() => CimTeredo.ReadStatus();

    /// <inheritdoc/>
    public Task<Reading<NetshOutput>> RunNetshAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        NetshProcess.RunAsync(arguments, cancellationToken);

    /// <inheritdoc/>
    public Reading<FirewallHealth> ReadFirewallHealth() => SecurityCenter.ReadFirewall();

    /// <inheritdoc/>
    public Reading<IReadOnlyList<EdgeTraversalFilter>> ReadEdgeTraversalFilters() => EdgeTraversalFilters.Read();

    /// <inheritdoc/>
    public Reading<IReadOnlyList<WindowsAddress>> ReadAddresses() => AddressTable.Read();

    /// <inheritdoc/>
    public Reading<string> ReadCimText() => CimTeredo.ReadText();

    /// <inheritdoc/>
    public Reading<IReadOnlyList<WindowsListener>> ReadListeners() => Listeners.Read();

    /// <inheritdoc/>
    public Reading<IReadOnlyList<WindowsAdapter>> ReadAdapters() => AddressTable.ReadAdapters();

    /// <inheritdoc/>
    public Task<Reading<bool>> WakeAsync(CancellationToken cancellationToken) => StableAddresses.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public Reading<bool> SendTraffic(IPAddress address) => TeredoTraffic.Send(address);

    /// <inheritdoc/>
    public Reading<int> ReadTeredoPort() => TeredoPort.Read();

    /// <inheritdoc/>
    public Socket CreateSocket(SocketType type, IPProtectionLevel level)
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        try
        {
            socket.DualMode = false;
            socket.ExclusiveAddressUse = true;
            socket.SetIPProtectionLevel(level); // before bind: packets that come earlier would be treated as edge-restricted
            if (type == SocketType.Dgram)
                socket.IOControl(SIO_UDP_CONNRESET, BitConverter.GetBytes(0), null); // otherwise a peer's "port unreachable" fails the next receive
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<Reading<IPAddress[]>> ResolveAsync(string host, CancellationToken cancellationToken) => AaaaQuery.AskAsync(host, cancellationToken);
}
