using System.Net;
using System.Net.Sockets;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>A firewall that stores something else than it was given, as one that another program manages does.</summary>
sealed class ForgetfulFirewall(IWindowsFirewall real, Func<FirewallRule, FirewallRule> store) : IWindowsFirewall
{
    /// <summary>Whether what is removed is still there afterwards.</summary>
    public bool KeepsRemoved { get; init; }

    public Reading<IReadOnlyList<FirewallRule>> ReadRules() => real.ReadRules();

    public Reading<FirewallRule?> ReadRule(string name) => real.ReadRule(name);

    public Reading<FirewallStatus> ReadStatus() => real.ReadStatus();

    public Reading<IReadOnlyList<string>> ReadProducts() => real.ReadProducts();

    public Reading<IReadOnlyList<OpenPort>> ReadOpenPorts() => real.ReadOpenPorts();

    public void Add(FirewallRule rule) => real.Add(store(rule));

    public void Update(FirewallRule rule) => real.Update(store(rule));

    public void Remove(string name)
    {
        if (!KeepsRemoved)
            real.Remove(name);
    }

    public void AddOpenPort(OpenPort port) => real.AddOpenPort(port);

    public void RemoveOpenPort(int port, FirewallProtocol protocol) => real.RemoveOpenPort(port, protocol);
}

/// <summary>A Windows with another firewall.</summary>
sealed class OtherFirewall(IWindowsSystem real, IWindowsFirewall firewall) : IWindowsSystem
{
    public event Action? Changed
    {
        add => real.Changed += value;
        remove => real.Changed -= value;
    }

    public Version Version => real.Version;

    public bool IsElevated => real.IsElevated;

    public IWindowsFirewall Firewall => firewall;

    public bool FileExists(string path) => real.FileExists(path);

    public Reading<WindowsService> ReadService(string name) => real.ReadService(name);

    public Task StartServiceAsync(string name, CancellationToken cancellationToken) => real.StartServiceAsync(name, cancellationToken);

    public void SetServiceStart(string name, ServiceStartType start) => real.SetServiceStart(name, start);

    public Reading<object?> ReadRegistry(string key, string name) => real.ReadRegistry(key, name);

    public Reading<TeredoConfiguration> ReadConfiguration() => real.ReadConfiguration();

    public void WriteConfiguration(TeredoConfiguration configuration) => real.WriteConfiguration(configuration);

    public Reading<TeredoStatus> ReadStatus() => real.ReadStatus();

    public Task<Reading<NetshOutput>> RunNetshAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        real.RunNetshAsync(arguments, cancellationToken);

    public Reading<FirewallHealth> ReadFirewallHealth() => real.ReadFirewallHealth();

    public Reading<IReadOnlyList<EdgeTraversalFilter>> ReadEdgeTraversalFilters() => real.ReadEdgeTraversalFilters();

    public Reading<IReadOnlyList<WindowsAddress>> ReadAddresses() => real.ReadAddresses();

    public Task<Reading<bool>> WakeAsync(CancellationToken cancellationToken) => real.WakeAsync(cancellationToken);

    public Reading<bool> SendTraffic(IPAddress address) => real.SendTraffic(address);

    public Reading<int> ReadTeredoPort() => real.ReadTeredoPort();

    public Socket CreateSocket(SocketType type, IPProtectionLevel level) => real.CreateSocket(type, level);

    public Task<Reading<IPAddress[]>> ResolveAsync(string host, CancellationToken cancellationToken) => real.ResolveAsync(host, cancellationToken);
}
