using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>
/// The rules of a fresh Windows that concern Teredo, in English. Published exports show these; a real Windows has several hundred more.
/// </summary>
static class FakeWindowsRules
{
    const string ServiceHost = @"%SystemRoot%\system32\svchost.exe", IPHelper = "iphlpsvc";
    const string Group = "Core Networking";

    public static IReadOnlyList<FirewallRule> Fresh { get; } =
    [
        Rule("Core Networking - Teredo (UDP-In)", FirewallProtocol.Udp) with { LocalPorts = "Teredo", ServiceName = IPHelper, ProgramPath = ServiceHost },
        Rule("Core Networking - Teredo (UDP-Out)", FirewallProtocol.Udp) with
        {
            Direction = FirewallDirection.Out, ServiceName = IPHelper, ProgramPath = ServiceHost,
        },
        Rule("Core Networking - DNS (UDP-Out)", FirewallProtocol.Udp) with
        {
            Direction = FirewallDirection.Out, RemotePorts = "53", ServiceName = "dnscache", ProgramPath = ServiceHost,
        },
        Rule("Core Networking - IPv6 (IPv6-In)", FirewallProtocol.IPv6) with { ProgramPath = "System" },
        Rule("Core Networking - IPv6 (IPv6-Out)", FirewallProtocol.IPv6) with { Direction = FirewallDirection.Out, ProgramPath = "System" },
        Icmpv6("Destination Unreachable", "1:*"),
        Icmpv6("Packet Too Big", "2:*"),
        Icmpv6("Time Exceeded", "3:*"),
        Icmpv6("Parameter Problem", "4:*"),
        Icmpv6("Router Solicitation", "133:*"),
        Icmpv6("Router Advertisement", "134:*") with { RemoteAddresses = "fe80::/64" },
        Icmpv6("Neighbor Discovery Solicitation", "135:*"),
        Icmpv6("Neighbor Discovery Advertisement", "136:*"),
        Rule("File and Printer Sharing (Echo Request - ICMPv6-In)", FirewallProtocol.Icmpv6) with
        {
            Grouping = "File and Printer Sharing", IcmpTypesAndCodes = "128:*", ProgramPath = "System", RemoteAddresses = "LocalSubnet",
            Profiles = FirewallProfiles.Private | FirewallProfiles.Public, Enabled = false,
        },
        Rule("File and Printer Sharing (Echo Request - ICMPv6-Out)", FirewallProtocol.Icmpv6) with
        {
            Grouping = "File and Printer Sharing", IcmpTypesAndCodes = "128:*", Direction = FirewallDirection.Out, Enabled = false,
        },
    ];

    static FirewallRule Icmpv6(string what, string types) => Rule($"Core Networking - {what} (ICMPv6-In)", FirewallProtocol.Icmpv6) with
    {
        IcmpTypesAndCodes = types,
        ProgramPath = "System",
        EdgeTraversal = EdgeTraversal.Allow,
    };

    static FirewallRule Rule(string name, FirewallProtocol protocol) => new() { Name = name, Grouping = Group, Protocol = protocol, Enabled = true };
}
