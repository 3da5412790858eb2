using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Windows.Tests;

/// <summary>The real system, but for its services: all of them are there and run. So what lies behind that check is reached where they are missing.</summary>
sealed class WithRunningService(IWindowsSystem windows) : IWindowsSystem
{
    public event Action? Changed
    {
        add => windows.Changed += value;
        remove => windows.Changed -= value;
    }

    public Version Version => windows.Version;
    public bool IsElevated => windows.IsElevated;
    public IWindowsFirewall Firewall => windows.Firewall;
    public Reading<WindowsService> ReadService(string name) => Reading.Of(new WindowsService
    {
        Exists = true,
        IsRunning = true,
        StartType = ServiceStartType.Automatic,
    });
    public Task StartServiceAsync(string name, CancellationToken cancellationToken) => windows.StartServiceAsync(name, cancellationToken);
    public void SetServiceStart(string name, ServiceStartType start) => windows.SetServiceStart(name, start);
    public Reading<object?> ReadRegistry(string key, string name) => windows.ReadRegistry(key, name);
    public Reading<TeredoConfiguration> ReadConfiguration() => windows.ReadConfiguration();
    public void WriteConfiguration(TeredoConfiguration configuration) => windows.WriteConfiguration(configuration);
    public Reading<TeredoStatus> ReadStatus() => windows.ReadStatus();

    public Task<Reading<NetshOutput>> RunNetshAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        windows.RunNetshAsync(arguments, cancellationToken);

    public Reading<FirewallHealth> ReadFirewallHealth() => windows.ReadFirewallHealth();
    public Reading<IReadOnlyList<EdgeTraversalFilter>> ReadEdgeTraversalFilters() => windows.ReadEdgeTraversalFilters();
    public Reading<IReadOnlyList<WindowsAddress>> ReadAddresses() => windows.ReadAddresses();
    public Task<Reading<bool>> WakeAsync(CancellationToken cancellationToken) => windows.WakeAsync(cancellationToken);
    public Reading<bool> SendTraffic(IPAddress address) => windows.SendTraffic(address);
    public Reading<int> ReadTeredoPort() => windows.ReadTeredoPort();
    public Socket CreateSocket(SocketType type, IPProtectionLevel level) => windows.CreateSocket(type, level);
    public Task<Reading<IPAddress[]>> ResolveAsync(string host, CancellationToken cancellationToken) => windows.ResolveAsync(host, cancellationToken);
}
