namespace TeredoSdk.Platform.Tests.Doctor;

/// <summary>Where a machine of the lab is.</summary>
enum MachinePlace
{
    /// <summary>On the internet.</summary>
    Public,
    /// <summary>Behind a NAT that uses another port towards each peer.</summary>
    SymmetricNat,
    /// <summary>Behind a NAT that lets nothing out but what goes to servers.</summary>
    ClosedNat,
    /// <summary>Behind a router that maps ports, and is itself behind another NAT.</summary>
    TwoNats,
}

/// <summary>What a program finds on a machine of the lab.</summary>
enum MachineRights
{
    /// <summary>A user, the device for tunnels, and private networks.</summary>
    User,
    Root,
    NoTun,
    TunForRoot,
    NoNamespaces,
    NamespacesNotPermitted,
}

/// <summary>A Linux machine with a real fault, and what <c>teredo doctor</c> must name there.</summary>
/// <param name="Name">What is wrong, in words.</param>
/// <param name="Findings">The ids of all findings that are no notes; the first one is the cause.</param>
sealed record BrokenLinux(string Name, params string[] Findings)
{
    const string InVain = "--timeout 1"; // what is waited for never comes
    const string DropsUdpOut = "nft 'table inet filter {\n chain output { type filter hook output priority 0; policy accept;\n udp dport 3544 drop\n }\n }'";
    const string DropsAllIn = "nft 'table inet filter {\n chain input { type filter hook input priority 0; policy drop;\n iif lo accept\n }\n }'";
    const string Stateful =
        "nft 'table inet filter {\n chain input { type filter hook input priority 0; policy drop;\n ct state established,related accept\n iif lo accept\n }\n }'";
    const string OtherTeredo = "ip link add teredo type veth peer name teredo1; ip link set teredo up; ip link set teredo1 up; ";
    const string Ufw = "ufw default deny outgoing\nufw --force enable";
    const string Firewalld = """
        dbus-daemon --system --fork --nopidfile >/dev/null 2>&1
        firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
        until firewall-cmd --state >/dev/null 2>&1; do sleep 0.1; done
        firewall-cmd --permanent --new-policy out
        firewall-cmd --permanent --policy out --add-ingress-zone HOST
        firewall-cmd --permanent --policy out --add-egress-zone ANY
        firewall-cmd --permanent --policy out --set-target DROP
        firewall-cmd --reload
        """;

    /// <summary>The ids of notes that must be there, too.</summary>
    public string[] Notes { get; init; } = [];

    /// <summary>What breaks it, run by root in its network.</summary>
    public string Break { get; init; } = "true";

    /// <summary>Whether it has an /etc of its own, which <see cref="Break"/> may change.</summary>
    public bool HasOwnFiles { get; init; }

    public MachinePlace Place { get; init; }

    public MachineRights Rights { get; init; }

    /// <summary>The server, or null for one that answers at both addresses.</summary>
    public string? Server { get; init; }

    /// <summary>Further arguments.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>Machines that are odd, but on which Teredo works.</summary>
    public static IEnumerable<BrokenLinux> Sound =>
    [
        new("nothing"),
        new("root") { Rights = MachineRights.Root },
        new("a stateful firewall") { Break = Stateful, Rights = MachineRights.Root },
        new("native IPv6") { Break = "ip addr add 2001:db8:5::1/64 dev eth0; ip route add default via 2001:db8:5::2", Notes = ["network.native-ipv6"] },
        new("in process without a device") { Rights = MachineRights.NoTun, Arguments = "--sockets in-process" },
    ];

    public static IEnumerable<BrokenLinux> Broken =>
    [
        new("no device for tunnels", "linux.tun-unavailable") { Rights = MachineRights.NoTun },
        new("device for tunnels for root only", "linux.tun-unavailable") { Rights = MachineRights.TunForRoot },
        new("no user namespaces by a switch", "linux.namespaces-refused") { Rights = MachineRights.NoNamespaces },
        new("no user namespaces, and no switch says why", "linux.namespaces-refused") { Rights = MachineRights.NamespacesNotPermitted },
        new("IPv6 switched off", "linux.ipv6-switched-off") { Break = "sysctl -qw net.ipv6.conf.default.disable_ipv6=1" },
        new("nftables drops UDP to servers", "linux.udp-blocked-out", "server.silent") { Arguments = InVain, Break = DropsUdpOut, Rights = MachineRights.Root },
        new("nftables drops UDP to servers, asked as a user", "linux.udp-blocked-out", "server.silent") { Arguments = InVain, Break = DropsUdpOut },
        new("nftables drops all that comes in", "linux.udp-blocked-in", "server.silent") { Arguments = InVain, Break = DropsAllIn, Rights = MachineRights.Root },
        new("iptables drops UDP to servers", "linux.udp-blocked-out", "server.silent") { Arguments = InVain, Break = "iptables-nft -A OUTPUT -p udp --dport 3544 -j DROP" },
        new("the old iptables drops UDP to servers", "linux.udp-blocked-out", "server.silent")
        {
            Arguments = InVain,
            Break = "iptables-legacy -A OUTPUT -p udp --dport 3544 -j DROP",
            Rights = MachineRights.Root,
        },
        new("ufw denies what goes out", "linux.udp-blocked-out", "server.silent") { Arguments = InVain, Break = Ufw, HasOwnFiles = true, Rights = MachineRights.Root },
        new("firewalld drops what goes out", "linux.udp-blocked-out", "server.silent") { Arguments = InVain, Break = Firewalld, HasOwnFiles = true, Rights = MachineRights.Root },
        new("another Teredo interface", "linux.other-teredo-interface")
        {
            Break = $"{OtherTeredo}ip addr add 2001:0:2d2d:2d01:0:63bf:d2d2:d2f5/32 dev teredo",
        },
        new("another Teredo interface, with a server that is not public", "linux.other-teredo-interface", "interface.unusable")
        {
            Break = $"{OtherTeredo}ip addr add 2001:0:cb00:7101:0:63bf:3fff:fdd2/32 dev teredo",
        },
        new("no Teredo interface, but one is wanted", "interface.missing") { Arguments = "--provider interface" },
        new("Windows is wanted", "provider.not-supported") { Arguments = "--provider windows" },
        new("kernel without IPv6", "linux.kernel-without-ipv6") { Break = "mount -t tmpfs tmpfs /proc/sys/net", HasOwnFiles = true, Rights = MachineRights.Root },
        new("small MTU", "network.small-mtu") { Break = "ip link set dev eth0 mtu 1300" },
        new("no route", "error.network-unavailable") { Break = "ip addr flush dev eth0" },
        new("no route, and a name", "error.network-unavailable") { Break = "ip addr flush dev eth0", Server = "teredo.example.net" },
        new("DNS dead", "server.not-resolved") { Break = "ip route add default via 45.45.45.1", Server = "teredo.example.net" },
        new("hosts file sends the name to this machine", "server.not-resolved")
        {
            Break = "echo 127.0.0.1 teredo.example.net >>/etc/hosts",
            HasOwnFiles = true,
            Rights = MachineRights.Root,
            Server = "teredo.example.net",
        },
        new("server silent", "server.silent") { Arguments = InVain, Server = "45.45.45.99,45.45.45.98" },
        new("secondary address silent", "server.secondary-silent") { Server = "45.45.45.1,45.45.45.98" },
        new("symmetric NAT", "nat.symmetric") { Place = MachinePlace.SymmetricNat },
        new("two NATs", "nat.behind-another") { Place = MachinePlace.TwoNats },
        new("strangers do not get in", "reachability.none") { Place = MachinePlace.ClosedNat, Arguments = "--reflect" },
        new("a peer without an address", "peer.does-not-connect", "peer.does-not-connect") // in both directions
        {
            Break = Peer(""" "state": "offline", "reachability": "no" """),
            HasOwnFiles = true,
            Rights = MachineRights.Root,
            Arguments = "--peer /etc/peer.json",
        },
        new("a peer of which little is known", "nat.symmetric", "peer.not-known", "peer.not-known")
        {
            Place = MachinePlace.SymmetricNat,
            Break = Peer(""" "state": "qualified", "address": "2001:0:2d2d:2d01:0:63bf:d2d2:d2f5", "reachability": "notChecked" """),
            HasOwnFiles = true,
            Rights = MachineRights.Root,
            Arguments = "--peer /etc/peer.json",
        },
        new("nobody can tell whether strangers get in", "reachability.not-checked") { Server = "45.45.45.5", Arguments = "--reflect" },
    ];

    // The report of a peer, as far as a forecast needs it.
    static string Peer(string part) => $$"""
        cat >/etc/peer.json <<'REPORT'
        { "report": { "provider": "embedded", {{part}}, "mapping": "notChecked", "filtering": "notChecked", "portMapping": "notAsked", "nativeIPv6": "beside",
          "hasNativeIPv6": false }, "findings": [] }
        REPORT
        """;
}
