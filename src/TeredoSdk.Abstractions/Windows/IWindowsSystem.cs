using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Windows;

/// <summary>
/// All that the SDK asks of Windows: the one seam between the logic and the system's calls. The real one is <c>WindowsSystem</c>; the package
/// TeredoSdk.Testing has a fake one, so that setup code can be tested anywhere.
/// </summary>
/// <remarks>
/// What only reads never throws and needs no administrator: an absent call, a stopped service or missing rights are the reason of the
/// <see cref="Reading{T}"/>. What writes throws a <see cref="TeredoException"/> that names the cause. Safe for any number of threads.
/// </remarks>
[Experimental("TEREDO001")]
public interface IWindowsSystem
{
    /// <summary>The version of Windows, such as 10.0.19045.</summary>
    Version Version { get; }

    /// <summary>Whether this process has an administrator's rights.</summary>
    bool IsElevated { get; }

    /// <summary>The full path of the program that this process runs, which the firewall knows it by; null when not known.</summary>
    string? ProgramPath => Environment.ProcessPath;

    /// <summary>The Windows Firewall.</summary>
    IWindowsFirewall Firewall { get; }

    /// <summary>Where a service stands, by its short name such as <c>iphlpsvc</c>.</summary>
    Reading<WindowsService> ReadService(string name);

    /// <summary>Starts a service, making one that is disabled start on demand, and waits until it runs.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or there is no such service or it does not start (<see cref="TeredoError.ServiceStopped"/>).
    /// </exception>
    Task StartServiceAsync(string name, CancellationToken cancellationToken);

    /// <summary>Whether a file exists, as the system sees it.</summary>
    /// <param name="path">Its full path.</param>
    bool FileExists(string path) => File.Exists(path);

    /// <summary>A value of the registry.</summary>
    /// <param name="key">The key below HKEY_LOCAL_MACHINE.</param>
    /// <param name="name">The value's name.</param>
    /// <returns>An <see cref="int"/> (DWORD), a <see cref="string"/>, or null when there is no such value.</returns>
    Reading<object?> ReadRegistry(string key, string name);

    /// <summary>The Teredo configuration by CIM (<c>MSFT_NetTeredoConfiguration</c>, Windows 8 and later).</summary>
    Reading<TeredoConfiguration> ReadConfiguration();

    /// <summary>Changes the Teredo configuration by CIM; null members stay as they are.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or CIM can't do it here (<see cref="TeredoError.NotSupported"/>). Nothing is changed.
    /// </exception>
    void WriteConfiguration(TeredoConfiguration configuration);

    /// <summary>
    /// The state of the Teredo client by CIM (<c>MSFT_NetTeredoState</c>). Without an instance Teredo is not active:
    /// <see cref="TeredoStatus.Inactive"/>.
    /// </summary>
    Reading<TeredoStatus> ReadStatus();

    /// <summary>Runs <c>netsh</c> of the system folder by an argument list, without a shell and without a window, for at most 30 s.</summary>
    /// <param name="arguments">The arguments, each a word of its own.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <returns>What it printed, or why it can't be run.</returns>
    Task<Reading<NetshOutput>> RunNetshAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken);

    /// <summary>What Windows Security says of the firewall (<c>WscGetSecurityProviderHealth</c>).</summary>
    Reading<FirewallHealth> ReadFirewallHealth();

    /// <summary>
    /// The filters of the edge-traversal sublayer of the Windows Filtering Platform. Needs the rights of a network configuration operator.
    /// </summary>
    Reading<IReadOnlyList<EdgeTraversalFilter>> ReadEdgeTraversalFilters();

    /// <summary>Raised when addresses or the Teredo port may have changed, on any thread.</summary>
    event Action? Changed;

    /// <summary>The IPv6 addresses of the interfaces that are up.</summary>
    Reading<IReadOnlyList<WindowsAddress>> ReadAddresses();

    /// <summary>
    /// Wakes a dormant Teredo client and waits until the address table is stable (<c>NotifyStableUnicastIpAddressTable</c>). That it returns does
    /// not mean that there is an address.
    /// </summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>True, or why the system can't be asked.</returns>
    Task<Reading<bool>> WakeAsync(CancellationToken cancellationToken);

    /// <summary>The UDP port that the Teredo client uses now (<c>FwpmSystemPortsGet0</c>, else <c>GetTeredoPort</c>).</summary>
    Reading<int> ReadTeredoPort();

    /// <summary>
    /// An IPv6 socket, not bound, with its protection level set, without IPv4 (<see cref="Socket.DualMode"/> off), and for UDP deaf to ICMP errors
    /// (<c>SIO_UDP_CONNRESET</c> off). The caller's own.
    /// </summary>
    /// <exception cref="SocketException">The system refuses.</exception>
    Socket CreateSocket(SocketType type, IPProtectionLevel level);

    /// <summary>The AAAA records of a name, asked for whatever addresses the machine has (<c>DnsQuery</c>).</summary>
    Task<Reading<IPAddress[]>> ResolveAsync(string host, CancellationToken cancellationToken);
}
