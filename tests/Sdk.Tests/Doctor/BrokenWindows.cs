using System.Net;
using TeredoSdk.Testing;
using TeredoSdk.Windows;
using Ids = TeredoSdk.FindingIds;

namespace TeredoSdk.Tests.Doctor;

/// <summary>A Windows, what is wrong with it, and what a doctor must name.</summary>
/// <param name="Name">What is wrong, in words.</param>
/// <param name="Break">Breaks it.</param>
/// <param name="Findings">The ids of all findings that are no notes; the first one is the cause.</param>
sealed record BrokenWindows(string Name, Action<DoctorMachine> Break, params string[] Findings)
{
    const string Wmi = "CIM lost; ";
    static readonly Version Windows7 = new(6, 1, 7601), BeforeTheDefaultChanged = new(10, 0, 16299);

    /// <summary>The version of Windows, or null for the usual one.</summary>
    public Version? Version { get; init; }

    /// <summary>The ids of notes that must be there, too.</summary>
    public string[] Notes { get; init; } = [];

    /// <summary>Machines that are odd, but on which Teredo works as it should.</summary>
    public static IEnumerable<BrokenWindows> Sound =>
    [
        new("nothing", _ => { }) { Notes = [Ids.FirewallEcho] },
        new("VPN installed, not connected", machine => machine.Windows.Adapters = [new() { Name = "Work", Description = "WireGuard Tunnel", IsUp = false }]),
        new("names without AAAA", _ => { }) { Notes = [Ids.DnsNoAaaa] },
        new("exception left to the sockets", machine => machine.ChangeRule("Game", rule => rule with { EdgeTraversal = EdgeTraversal.DeferToApp })) { Notes = [Ids.AppSocketLevel] },
        new("no administrator", machine => machine.Windows.IsElevated = false),
        new("client", machine => machine.Type = TeredoType.Client),
        new("NAT-aware client", machine => machine.Type = TeredoType.NatAwareClient),
        new("policy that switches it on", machine => (machine.Type, machine.Windows.Registry[DoctorMachine.Policy]) = (TeredoType.Disabled, "Enterprise Client")),
        new("IPv4 preferred", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x20),
        new("other tunnels off", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x06),
        new("native IPv6 off", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x10),
        new("IP Helper that starts on demand, and runs", machine => machine.SetService("iphlpsvc", ServiceStartType.Demand, runs: true)),
        new("managed network with an enterprise client", machine => machine.Teredo.IsManagedNetwork = true),
        new("dormant, and listed all the same", machine => machine.Teredo.ListsDormantAddress = true),
        new("Security Center stopped", machine => machine.SetService("wscsvc", ServiceStartType.Disabled)),
        new(Wmi + "netsh tells all", machine => machine.LoseCim()),
        new(Wmi + "and netsh lost", machine =>
        {
            machine.LoseCim();
            machine.Windows.Missing["RunNetshAsync"] = "netsh.exe is not there.";
        })
        {
            Notes = [Ids.NotRead],
        },
        new(Wmi + "netsh in Chinese", machine =>
        {
            machine.LoseCim();
            machine.Windows.Netsh.Language = FakeNetshLanguage.Chinese;
        }),
        new("exception for one port", machine => machine.ChangeRule("Game", rule => rule with { Protocol = FirewallProtocol.Udp, LocalPorts = "4242" })),
        new("another program blocked", machine => machine.Firewall.PlantCancelledPrompt(@"C:\Games\Other.exe")),
        new("Windows 7", _ => { }) { Version = Windows7 },
        new("Windows 7, never set", machine => machine.Type = TeredoType.Default) { Version = Windows7 },
        new("Windows 10 1709, never set", machine => machine.Type = TeredoType.Default) { Version = BeforeTheDefaultChanged },
    ];

    /// <summary>The switches: type, policy, registry, services.</summary>
    public static IEnumerable<BrokenWindows> Switches =>
    [
        new("switched off", machine => machine.Type = TeredoType.Disabled, Ids.TeredoOff),
        new("a server", machine => machine.Type = TeredoType.Server, Ids.TeredoOff),
        new("a relay", machine => machine.Type = TeredoType.Relay, Ids.TeredoOff),
        new("never switched on", machine => machine.Type = TeredoType.Default, Ids.TeredoOffByDefault),
        new("Windows 7, switched off", machine => machine.Type = TeredoType.Disabled, Ids.TeredoOff) { Version = Windows7 },
        new(Wmi + "switched off", machine =>
        {
            machine.LoseCim();
            machine.Type = TeredoType.Disabled;
        }, Ids.TeredoOff),
        new(Wmi + "and netsh lost, switched off", machine =>
        {
            machine.LoseCim();
            machine.Windows.Missing["RunNetshAsync"] = "netsh.exe is not there.";
            (machine.Type, machine.Windows.Registry[DoctorMachine.TypeInRegistry]) = (TeredoType.Disabled, 4);
        }, Ids.TeredoOff),
        new("off by policy", machine => machine.Windows.Registry[DoctorMachine.Policy] = "Disabled", Ids.TeredoOffByPolicy),
        new("default by policy", machine => machine.Windows.Registry[DoctorMachine.Policy] = "Default", Ids.TeredoOffByPolicy),
        new("off in the registry: Teredo", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x08, Ids.TeredoOffByRegistry),
        new("off in the registry: all tunnels", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x01, Ids.TeredoOffByRegistry),
        new("off in the registry: each tunnel", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x0E, Ids.TeredoOffByRegistry),
        new("off in the registry, and IPv4 preferred", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x28, Ids.TeredoOffByRegistry),
        new("IPv6 off in the registry", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0xFF, Ids.IPv6Off),
        new("IPv6 off in the registry: all bits", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = -1, Ids.IPv6Off),
        new("IPv6 off in the registry: tunnels and the rest", machine => machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x11, Ids.IPv6Off),
        new("Windows XP without IPv6", machine => machine.WaitsInVain(), Ids.IPv6NotInstalled, Ids.FirewallNotRead) { Version = new(5, 1, 2600) },
        new("service disabled", machine => machine.SetService("iphlpsvc", ServiceStartType.Disabled), Ids.ServiceDisabled),
        new("service stopped", machine => machine.SetService("iphlpsvc", ServiceStartType.Automatic), Ids.ServiceStopped),
        new("service on demand", machine => machine.SetService("iphlpsvc", ServiceStartType.Demand), Ids.ServiceStopped),
        new("no service", machine => machine.Windows.Services["iphlpsvc"] = new() { Exists = false }, Ids.ServiceMissing),
        new("off, and its service disabled", machine =>
        {
            machine.Type = TeredoType.Disabled;
            machine.SetService("iphlpsvc", ServiceStartType.Disabled);
        }, Ids.ServiceDisabled, Ids.TeredoOff),
        new("policy, and no exception", machine =>
        {
            machine.Windows.Registry[DoctorMachine.Policy] = "Disabled";
            machine.Firewall.Remove("Game");
        }, Ids.TeredoOffByPolicy, Ids.FirewallNoException),
        new("debloated: policy, registry, service", machine =>
        {
            machine.Windows.Registry[DoctorMachine.Policy] = "Disabled";
            machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0xFF;
            machine.SetService("iphlpsvc", ServiceStartType.Disabled);
        }, Ids.IPv6Off, Ids.ServiceDisabled, Ids.TeredoOffByPolicy),
    ];

    /// <summary>The client of Windows is on, and something is wrong with it or its network.</summary>
    public static IEnumerable<BrokenWindows> Clients =>
    [
        new("server of Windows silent", machine => machine.NeverQualifies(), Ids.TeredoServerSilent),
        new("server of Windows silent, in the words of another version", machine =>
            machine.GoesOffline("failed to reach the primary server over UDP"), Ids.TeredoServerSilent),
        new("offline in German", machine =>
        {
            machine.LoseCim();
            machine.NeverQualifies();
            machine.Windows.Netsh.Language = FakeNetshLanguage.German;
        }, Ids.TeredoServerSilent),
        new("name of the server unknown, in Chinese", machine =>
        {
            machine.LoseCim();
            machine.GoesOffline("failed to resolve the server name");
            machine.Windows.Netsh.Language = FakeNetshLanguage.Chinese;
        }, Ids.TeredoServerNotResolved),
        new("adapter broken", machine => machine.GoesOffline("failed to open the tunnel adapter"), Ids.TeredoAdapterFailed),
        new("general failure with a number, in words of another language", machine =>
        {
            machine.LoseCim();
            machine.GoesOffline("genel arıza");
            machine.Teredo.ErrorCode = 31;
        }, Ids.TeredoSystemFailure),
        new("offline without a word", machine => machine.GoesOffline("out of order"), Ids.TeredoOffline),
        new("general failure", machine => machine.GoesOffline("general system failure 11001"), Ids.TeredoSystemFailure),
        new("managed network", machine =>
        {
            (machine.Teredo.IsManagedNetwork, machine.Type) = (true, TeredoType.Client);
            machine.WaitsInVain();
        }, Ids.TeredoManagedNetwork),
        new("Windows asks for ever", machine => machine.NeverQualifies(FakeTeredoNetwork.Endless), Ids.TeredoOverdue),
        new("nobody can wake it", machine =>
        {
            machine.Windows.Missing["WakeAsync"] = "This system does not have NotifyStableUnicastIpAddressTable.";
            machine.WaitsInVain();
        }, Ids.TeredoOverdue),
        new("asleep beside native IPv6", machine =>
        {
            machine.Windows.Addresses = [Address("2a00:1450::7", "Ethernet")];
            machine.NeverQualifies(FakeTeredoNetwork.Asleep);
        }, Ids.TeredoOverdue, Ids.TeredoBesideNative),
        new("off by a registry that can't be read", machine =>
        {
            machine.Windows.Registry[DoctorMachine.DisabledComponents] = 0x08;
            machine.Windows.Missing["ReadRegistry"] = "Access is denied.";
            machine.WaitsInVain();
        }, Ids.TeredoInactive),
        new("another server", machine => machine.Teredo.Configuration = machine.Teredo.Configuration with { ServerName = "teredo.example.net" }, Ids.TeredoOtherServer),
        new("another server by policy", machine => machine.Windows.Registry[DoctorMachine.PolicyServer] = "teredo.example.net", Ids.TeredoServerByPolicy),
        new("another port", machine => machine.Node.ClientPort = 40000, Ids.TeredoOptionNotApplied),
        new("another refresh interval", machine => machine.Node.RefreshInterval = TimeSpan.FromSeconds(20), Ids.TeredoOptionNotApplied),
        new("MTU of Ethernet", machine => machine.Teredo.MtuOctets = 1500, Ids.TeredoMtu),
        new("MTU too small for IPv6", machine => machine.Teredo.MtuOctets = 1200, Ids.TeredoMtu),
        new("VPN connected", machine => machine.Windows.Adapters = [new() { Name = "Work", Description = "TAP-Windows Adapter V9", IsUp = true }], Ids.NetworkVpn),
        new("Teredo address on Ethernet", machine =>
        {
            foreach (string call in (string[])["WakeAsync", "ReadStatus", "RunNetshAsync"]) // so no source calls the client dormant
                machine.Windows.Missing[call] = "not there";
            machine.Windows.Addresses = [Address($"{machine.Teredo.Address}", "Ethernet")];
        }, Ids.TeredoNoTunnel),
        new("addresses can't be read", machine =>
        {
            machine.Windows.Missing["ReadAddresses"] = "GetAdaptersAddresses failed.";
            machine.WaitsInVain();
        }, Ids.TeredoOverdue),
    ];

    /// <summary>The firewalls.</summary>
    public static IEnumerable<BrokenWindows> Firewalls =>
    [
        new("firewall off", machine => machine.ChangeProfiles(profile => profile with { Enabled = false }), Ids.FirewallOff),
        new("firewall off, says Windows Security, too", machine =>
        {
            machine.ChangeProfiles(profile => profile with { Enabled = false });
            machine.Windows.FirewallHealth = FirewallHealth.Poor;
        }, Ids.FirewallOff, Ids.FirewallNotHealthy),
        new("firewall not healthy", machine => machine.Windows.FirewallHealth = FirewallHealth.Poor, Ids.FirewallNotHealthy),
        new("firewall not monitored", machine => machine.Windows.FirewallHealth = FirewallHealth.NotMonitored, Ids.FirewallNotHealthy),
        new("firewall snoozing", machine => machine.Windows.FirewallHealth = FirewallHealth.Snooze, Ids.FirewallNotHealthy),
        new("another firewall", machine => machine.Firewall.Products = ["Wall 3000"], Ids.FirewallOther),
        new("everything blocked", machine => machine.ChangeProfiles(profile => profile with { BlocksAllInbound = true }), Ids.FirewallBlocksAll),
        new("everything blocked by policy", machine => machine.Firewall.ModifyState = FirewallModifyState.InboundBlocked, Ids.FirewallBlocksAll),
        new("local rules without effect", machine => machine.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride, Ids.FirewallPolicy),
        new("firewall service stopped", machine => machine.SetService("mpssvc", ServiceStartType.Automatic), Ids.FirewallNotRead),
        new("firewall service disabled", machine => machine.SetService("mpssvc", ServiceStartType.Disabled), Ids.FirewallNotRead),
        new("rules unreadable", machine => machine.Windows.Missing["Firewall.ReadRules"] = "no rights", Ids.FirewallNotRead),
        new("no exception", machine => machine.Firewall.Remove("Game"), Ids.FirewallNoException),
        new("exception disabled", machine => machine.ChangeRule("Game", rule => rule with { Enabled = false }), Ids.FirewallExceptionNarrow),
        new("exception of the version before", machine =>
            machine.ChangeRule("Game", rule => rule with { ProgramPath = @"C:\Games\1.0\Game.exe" }), Ids.FirewallNoException),
        new("exception of another profile", machine => machine.ChangeRule("Game", rule => rule with { Profiles = FirewallProfiles.Domain }), Ids.FirewallExceptionNarrow),
        new("exception without edge", machine => machine.ChangeRule("Game", rule => rule with { EdgeTraversal = EdgeTraversal.Deny }), Ids.FirewallExceptionNarrow),
        new("exception for the local subnet", machine => machine.ChangeRule("Game", rule => rule with { RemoteAddresses = "LocalSubnet" }), Ids.FirewallExceptionNarrow),
        new("program runs others", machine =>
        {
            machine.Judged = @"C:\Program Files\dotnet\dotnet.exe";
            machine.Windows.Files[machine.Judged] = true;
        }, Ids.FirewallProgramIsHost),
        new("cancelled prompt", machine => machine.Firewall.PlantCancelledPrompt(DoctorMachine.Program), Ids.FirewallBlockRule),
        new("blocked by a rule for all programs", machine => machine.Firewall.Plant(new() { Name = "Nobody", Enabled = true, Action = FirewallAction.Block }),
            Ids.FirewallBlockRule, Ids.FirewallBlocksSystem),
        new("Teredo's port hardened into a block", machine =>
            machine.ChangeRule("Core Networking - Teredo (UDP-In)", rule => rule with { Action = FirewallAction.Block }), Ids.FirewallBlocksSystem),
        new("Teredo's port closed", machine =>
            machine.ChangeRule("Core Networking - Teredo (UDP-In)", rule => rule with { Enabled = false }), Ids.FirewallTeredoPort),
        new("Packet Too Big closed", machine =>
            machine.ChangeRule("Core Networking - Packet Too Big", rule => rule with { Enabled = false }), Ids.FirewallIcmpv6),
        new("Packet Too Big without edge", machine =>
            machine.ChangeRule("Core Networking - Packet Too Big", rule => rule with { EdgeTraversal = EdgeTraversal.Deny }), Ids.FirewallIcmpv6),
        new("Packet Too Big blocked", machine =>
            machine.Firewall.Plant(Block(FirewallDirection.In) with { Protocol = FirewallProtocol.Icmpv6, IcmpTypesAndCodes = "2:*" }), Ids.FirewallBlocksSystem),
        new("UDP to servers blocked", machine => machine.Firewall.Plant(Block(FirewallDirection.Out) with { RemotePorts = "3544" }), Ids.FirewallBlocksSystem),
        new("DNS blocked", machine => machine.Firewall.Plant(Block(FirewallDirection.Out) with { RemotePorts = "53" }), Ids.FirewallBlocksSystem),
        new("UPnP blocked", machine => machine.Firewall.Plant(Block(FirewallDirection.Out) with { RemotePorts = "1900" }), Ids.FirewallBlocksSystem),
        new("Core Networking gone", machine =>
        {
            foreach (var rule in machine.Firewall.Rules.Where(rule => rule.Name != "Game").ToArray())
                machine.Firewall.Remove(rule.Name);
        }, Ids.FirewallTeredoPort, Ids.FirewallIcmpv6),
        new("6to4 beside it, and protocol 41 closed", machine =>
        {
            machine.Windows.Addresses = [Address("2002:c000:24d::1", "6TO4 Adapter")];
            machine.ChangeRule("Core Networking - IPv6 (IPv6-In)", rule => rule with { Enabled = false });
        }, Ids.FirewallProtocol41),
        new("permit filter removed by another product", machine => machine.Windows.EdgeTraversalFilters = [new() { Name = "Teredo", Kind = EdgeTraversalFilterKind.DefaultBlock }],
            Ids.FirewallNoPermitFilter),
    ];

    /// <summary>Names and servers, as Windows and a node see them.</summary>
    public static IEnumerable<BrokenWindows> Servers =>
    [
        new("the server is silent", machine => Use(machine, Lab.SecondServerAddress), Ids.ServerSilent, Ids.TeredoOtherServer),
        new("one of two servers is silent", machine => Use(machine, Lab.ServerAddress, Lab.SecondServerAddress), Ids.ServerSilent),
        new("the secondary address is silent", machine => Use(machine, $"{Lab.ServerAddress},203.0.113.9"), Ids.ServerSecondarySilent),
        new("DNS dead, or a name that is none", machine => Use(machine, "teredo.example.net"), Ids.ServerNotResolved, Ids.TeredoOtherServer),
        new("hosts file sends the name to this machine", machine =>
        {
            (machine.Host.Names, machine.Node.AllowPrivateAddresses) = (_ => "127.0.0.1", false);
            Use(machine, "teredo.example.net");
        }, Ids.ServerNotResolved, Ids.TeredoOtherServer),
        new("hosts file sends the name nowhere", machine =>
        {
            (machine.Host.Names, machine.Node.AllowPrivateAddresses) = (_ => "0.0.0.0", false);
            Use(machine, "teredo.example.net");
        }, Ids.ServerNotResolved, Ids.TeredoOtherServer),
        new("no network", machine => machine.Host.MoveUntold(null), Ids.Of(TeredoError.NetworkUnavailable)),
        new("no network, so no DNS", machine =>
        {
            machine.Host.MoveUntold(null);
            Use(machine, "teredo.example.net");
        }, Ids.Of(TeredoError.NetworkUnavailable), Ids.TeredoOtherServer),
    ];

    public override string ToString() => Name;

    static void Use(DoctorMachine machine, params string[] servers)
    {
        machine.Node.Servers = servers;
        machine.WaitsInVain();
    }

    static FirewallRule Block(FirewallDirection direction) => new()
    {
        Name = "Hardened",
        Protocol = FirewallProtocol.Udp,
        Direction = direction,
        Action = FirewallAction.Block,
        Enabled = true,
    };

    static WindowsAddress Address(string address, string interfaceName) =>
        new() { Address = IPAddress.Parse(address), InterfaceName = interfaceName, InterfaceIndex = 3, IsTunnel = false, MtuOctets = 1500 };
}
