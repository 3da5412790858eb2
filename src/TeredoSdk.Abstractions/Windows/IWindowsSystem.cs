using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Windows;

/// <summary>
/// All that the SDK asks of Windows goes through this interface. <c>WindowsSystem</c> is the real Windows. The package TeredoSdk.Testing has a fake
/// one, so that setup code can be tested on any system.
/// </summary>
/// <remarks>
/// Members that only read never throw and need no administrator: when a function does not exist, a service is stopped or rights are missing, the
/// <see cref="Reading{T}"/> says so. Members that write throw a <see cref="TeredoException"/> that names the cause. Safe for any number of threads.
/// </remarks>
[Experimental("TEREDO001")]
public interface IWindowsSystem
{
    /// <summary>The version of Windows, such as 10.0.19045.</summary>
    Version Version { get; }

    /// <summary>Whether this process has an administrator's rights.</summary>
    bool IsElevated { get; }

    /// <summary>The full path of the program that runs in this process, by which the firewall knows it; null when it is not known.</summary>
    string? ProgramPath => Environment.ProcessPath;

    /// <summary>The Windows Firewall.</summary>
    IWindowsFirewall Firewall { get; }

    /// <summary>Reads the state of a service by its short name, such as <c>iphlpsvc</c>.</summary>
    Reading<WindowsService> ReadService(string name);

    /// <summary>Starts a service, and waits until it runs.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>); or the service does not exist, is disabled, or does not start (<see
    /// cref="TeredoError.ServiceStopped"/>).
    /// </exception>
    Task StartServiceAsync(string name, CancellationToken cancellationToken);

    /// <summary>Sets when the system starts a service. A running service goes on.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the service does not exist (<see cref="TeredoError.ServiceStopped"/>).
    /// </exception>
    void SetServiceStart(string name, ServiceStartType start);

    /// <summary>Whether a file exists, as the system sees it.</summary>
    /// <param name="path">Its full path.</param>
    bool FileExists(string path) => File.Exists(path);

    /// <summary>The path by which the firewall knows a file: without short names (8.3), junctions and links. A part that does not exist stays as it is.</summary>
    /// <param name="path">Its full path.</param>
    string FinalPathOf(string path) => path;

    /// <summary>Reads a value of the registry.</summary>
    /// <param name="key">The key below HKEY_LOCAL_MACHINE.</param>
    /// <param name="name">The value's name.</param>
    /// <returns>An <see cref="int"/> (DWORD), a <see cref="string"/>, or null when there is no such value.</returns>
    Reading<object?> ReadRegistry(string key, string name);

    /// <summary>Reads the Teredo configuration through CIM (<c>MSFT_NetTeredoConfiguration</c>, Windows 8 and later).</summary>
    Reading<TeredoConfiguration> ReadConfiguration();

    /// <summary>
    /// Changes the Teredo configuration through CIM. Members that are null stay as they are. The change may reach the active store only, and be gone
    /// after the next start of the system (Set-NetTeredoConfiguration).
    /// </summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or CIM does not support it here (<see cref="TeredoError.NotSupported"/>). Nothing
    /// is changed.
    /// </exception>
    void WriteConfiguration(TeredoConfiguration configuration);

    /// <summary>
    /// Reads the state of the Teredo client through CIM (<c>MSFT_NetTeredoState</c>). When CIM has no instance, Teredo is not active:
    /// <see cref="TeredoStatus.Inactive"/>.
    /// </summary>
    Reading<TeredoStatus> ReadStatus();

    /// <summary>Runs <c>netsh</c> from the system folder with a list of arguments, without a shell and without a window, for at most 30 s.</summary>
    /// <param name="arguments">The arguments, one word each.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <returns>The output, or the reason why netsh can't be run.</returns>
    Task<Reading<NetshOutput>> RunNetshAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken);

    /// <summary>Reads what Windows Security says about the firewall (<c>WscGetSecurityProviderHealth</c>).</summary>
    Reading<FirewallHealth> ReadFirewallHealth();

    /// <summary>
    /// Reads the filters of the edge-traversal sublayer of the Windows Filtering Platform. Needs the rights of a network configuration operator.
    /// </summary>
    Reading<IReadOnlyList<EdgeTraversalFilter>> ReadEdgeTraversalFilters();

    /// <summary>Raised when addresses or the Teredo port may have changed. The event may come on any thread.</summary>
    event Action? Changed;

    /// <summary>Reads the IPv6 addresses of the interfaces that are up.</summary>
    Reading<IReadOnlyList<WindowsAddress>> ReadAddresses();

    /// <summary>
    /// Reads all properties of the CIM instances <c>MSFT_NetTeredoConfiguration</c> and <c>MSFT_NetTeredoState</c>, as text in the Managed Object
    /// Format, for a report to people who can't sit at the machine.
    /// </summary>
    Reading<string> ReadCimText() => Reading.Unknown<string>("This system does not tell the properties of CIM.");

    /// <summary>Reads which UDP ports are bound and on which TCP ports somebody listens.</summary>
    Reading<IReadOnlyList<WindowsListener>> ReadListeners() =>
        Reading.Unknown<IReadOnlyList<WindowsListener>>("This system does not tell its listeners.");

    /// <summary>Reads the network adapters, also those that are down.</summary>
    Reading<IReadOnlyList<WindowsAdapter>> ReadAdapters() =>
        Reading.Unknown<IReadOnlyList<WindowsAdapter>>("This system does not tell its network adapters.");

    /// <summary>
    /// Wakes a dormant Teredo client and waits until the address table is stable (<c>NotifyStableUnicastIpAddressTable</c>). The method may return
    /// before there is an address.
    /// </summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>True, or the reason why the system can't be asked.</returns>
    Task<Reading<bool>> WakeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Sends a small datagram from the Teredo address through the Teredo interface, so that the client has traffic. No page says that
    /// <see cref="WakeAsync"/> is traffic.
    /// </summary>
    /// <param name="address">The Teredo address of this machine.</param>
    /// <returns>True, or the reason why nothing was sent.</returns>
    Reading<bool> SendTraffic(IPAddress address);

    /// <summary>Reads the UDP port that the Teredo client uses now (<c>FwpmSystemPortsGet0</c>, else <c>GetTeredoPort</c>).</summary>
    Reading<int> ReadTeredoPort();

    /// <summary>
    /// Makes an IPv6 socket with its protection level set. It is not bound, does not use IPv4 (<see cref="Socket.DualMode"/> is off), and with UDP
    /// ignores ICMP errors (<c>SIO_UDP_CONNRESET</c> is off). The caller owns the socket.
    /// </summary>
    /// <exception cref="SocketException">The system refuses the socket.</exception>
    Socket CreateSocket(SocketType type, IPProtectionLevel level);

    /// <summary>Looks up the AAAA records of a name, whatever addresses the machine has (<c>DnsQuery</c>).</summary>
    Task<Reading<IPAddress[]>> ResolveAsync(string host, CancellationToken cancellationToken);
}
