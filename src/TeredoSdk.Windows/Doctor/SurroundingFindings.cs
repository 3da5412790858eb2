using TeredoSdk.Windows.Activation;

namespace TeredoSdk.Windows.Doctor;

/// <summary>What surrounds Windows' Teredo and a program, and is worth a look only when somebody asks why it does not work.</summary>
static class SurroundingFindings
{
    const string DnsKey = @"SYSTEM\CurrentControlSet\Services\Dnscache\Parameters", DnsValue = "AddrConfigControl";

    // Drivers of virtual private networks, by the words of their descriptions. Those of Windows itself (WAN Miniport) are always there.
    static readonly string[] VpnWords =
    [
        "TAP-Windows", "TAP-Win32", "Wintun", "WireGuard", "OpenVPN", "AnyConnect", "Secure Client", "Fortinet", "PANGP", "GlobalProtect", "Juniper", "Pulse Secure",
        "Check Point Virtual", "SonicWall", "NordLynx", "ZeroTier", "Tailscale", "Hamachi", "Radmin VPN", "SoftEther", "VPN",
    ];

    /// <param name="windows">The system.</param>
    /// <param name="exception">The firewall exception of the program that is looked at; null when there is no program.</param>
    /// <param name="programPath">The program; null when there is none.</param>
    public static IReadOnlyList<Finding> Of(IWindowsSystem windows, FirewallExceptionCheck? exception, string? programPath)
    {
        List<Finding> findings = [];
        foreach (var adapter in (windows.ReadAdapters().ValueOrDefault ?? []).Where(IsConnectedVpn))
            findings.Add(Vpn(adapter));
        if (!WindowsAddresses.HasNative(windows) && windows.ReadRegistry(DnsKey, DnsValue).ValueOrDefault is not 0)
            findings.Add(NoAaaa());
        if (programPath is not null && exception is { LetsIn: true } && exception.Rules.Any(rule => rule.EdgeTraversal == EdgeTraversal.DeferToApp))
            findings.Add(SocketLevel(programPath));
        return findings;
    }

    /// <summary>A Teredo interface whose MTU is not the one of Teredo (RFC 4380 §5.1.2: 1280).</summary>
    public static Finding Mtu(WindowsAddress found, int mtu)
    {
        string command = $"netsh interface ipv6 set subinterface {found.InterfaceIndex} mtu={mtu} store=persistent";
        return new()
        {
            Id = FindingIds.TeredoMtu,
            Severity = FindingSeverity.Warning,
            Subject = found.InterfaceName,
            Problem = $"The MTU of the Teredo interface is {found.MtuOctets} octets, and Teredo's is {mtu}: "
                + (found.MtuOctets < mtu ? "IPv6 does not work with less." : "larger packets are lost where a NAT or a path does not take their fragments."),
            Evidence = [$"interface {found.InterfaceIndex}, {found.InterfaceName}: MTU {found.MtuOctets}"],
            Fix = new()
            {
                Sentence = $"In an elevated prompt, run {command}; the same with mtu={found.MtuOctets} undoes it.",
                Command = command,
                NeedsAdministrator = true,
            },
        };
    }

    static bool IsConnectedVpn(WindowsAdapter adapter) => adapter.IsUp && VpnWords.Any(word => adapter.Description.Contains(word, StringComparison.OrdinalIgnoreCase));

    static Finding Vpn(WindowsAdapter adapter) => new()
    {
        Id = FindingIds.NetworkVpn,
        Severity = FindingSeverity.Warning,
        Subject = adapter.Name,
        Problem = $"A virtual private network is connected ({adapter.Description}). Teredo's UDP may go through it and its NAT, or be dropped there, and some such products "
            + "block IPv6 beside their tunnel.",
        Evidence = [$"the adapter {adapter.Name} is up: {adapter.Description}"],
        SetBy = adapter.Description,
        Fix = new() { Sentence = "Disconnect it and look again; if that helps, let its settings send UDP to port 3544 past the tunnel." },
    };

    // "Receiving Solicited Traffic Over Teredo"; the look-up by DnsQuery is the documented way round.
    static Finding NoAaaa() => new()
    {
        Id = FindingIds.DnsNoAaaa,
        Severity = FindingSeverity.Note,
        Subject = "DNS",
        Problem = "While Teredo is the only IPv6 of this machine, Windows asks DNS for no AAAA records when a program looks a name up the usual way, so names of peers with "
            + "IPv6 alone are not found. TeredoSdk asks DNS itself.",
        Evidence = [$@"HKLM\{DnsKey}\{DnsValue} is not 0, and no address is native IPv6"],
        SetBy = "default",
        Fix = new() { Sentence = "In a program without TeredoSdk, connect to the address, or look the name up with DnsQuery." },
    };

    // IPV6_PROTECTION_LEVEL belongs to a socket, and no call reads that of another process.
    static Finding SocketLevel(string programPath) => new()
    {
        Id = FindingIds.AppSocketLevel,
        Severity = FindingSeverity.Note,
        Subject = programPath,
        Problem = "The firewall leaves it to this program's sockets whether strangers get in, and nothing tells from outside whether they ask for it.",
        Evidence = ["a rule with edge traversal deferred to the application", "the protection level of another process's sockets: can't be read"],
        Fix = new() { Sentence = "The program sets IPV6_PROTECTION_LEVEL to unrestricted before it binds a socket; TeredoSdk does that for opted-in sockets." },
    };
}
