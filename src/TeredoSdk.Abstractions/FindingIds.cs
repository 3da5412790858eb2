namespace TeredoSdk;

/// <summary>The names of the kinds of findings (docs/findings.md has their meaning). A name stays the same over releases.</summary>
public static class FindingIds
{
    /// <summary>The subject of a finding that is about Teredo as a whole.</summary>
    internal const string Teredo = "Teredo";

    /// <summary>Something of Windows could not be read, so it is not known.</summary>
    public const string NotRead = "windows.not-read";

    /// <summary>Windows' Teredo is switched off by its type.</summary>
    public const string TeredoOff = "teredo.off";
    /// <summary>Windows' Teredo is off because nobody switched it on.</summary>
    public const string TeredoOffByDefault = "teredo.off-by-default";
    /// <summary>A group policy switches Windows' Teredo off.</summary>
    public const string TeredoOffByPolicy = "teredo.off-by-policy";
    /// <summary>The registry value DisabledComponents switches Windows' Teredo off.</summary>
    public const string TeredoOffByRegistry = "teredo.off-by-registry";
    /// <summary>Windows' Teredo client is offline, and says why.</summary>
    public const string TeredoOffline = "teredo.offline";
    /// <summary>Windows' Teredo client is offline because the network has a domain controller.</summary>
    public const string TeredoManagedNetwork = "teredo.managed-network";
    /// <summary>Windows' Teredo client is offline because its server does not answer.</summary>
    public const string TeredoServerSilent = "teredo.server-silent";
    /// <summary>Windows' Teredo client is offline because the name of its server has no address.</summary>
    public const string TeredoServerNotResolved = "teredo.server-not-resolved";
    /// <summary>Windows' Teredo client is offline because its network adapter can't be opened.</summary>
    public const string TeredoAdapterFailed = "teredo.adapter-failed";
    /// <summary>Windows' Teredo client is offline because of a general failure of the system.</summary>
    public const string TeredoSystemFailure = "teredo.system-failure";
    /// <summary>A group policy sets another server than Windows' Teredo is to use.</summary>
    public const string TeredoServerByPolicy = "teredo.server-by-policy";
    /// <summary>No client of Windows' Teredo runs although its service does.</summary>
    public const string TeredoInactive = "teredo.inactive";
    /// <summary>Windows' Teredo had no address in time.</summary>
    public const string TeredoOverdue = "teredo.overdue";
    /// <summary>Windows' Teredo has no address now.</summary>
    public const string TeredoNoAddress = "teredo.no-address";
    /// <summary>Windows' Teredo uses another server than the application names.</summary>
    public const string TeredoOtherServer = "teredo.other-server";
    /// <summary>Windows' Teredo has another port or refresh interval than the application asks for.</summary>
    public const string TeredoOptionNotApplied = "teredo.option-not-applied";
    /// <summary>The settings of Windows' Teredo were changed in a way that may last until the next start only.</summary>
    public const string TeredoMayNotLast = "teredo.may-not-last";
    /// <summary>The Teredo address is on an interface that is no tunnel.</summary>
    public const string TeredoNoTunnel = "teredo.no-tunnel";
    /// <summary>The interface of Windows' Teredo has another MTU than Teredo's 1280 octets.</summary>
    public const string TeredoMtu = "teredo.mtu";
    /// <summary>The machine has native IPv6, beside which Windows' Teredo gives way.</summary>
    public const string TeredoBesideNative = "teredo.beside-native-ipv6";

    /// <summary>A virtual private network is connected.</summary>
    public const string NetworkVpn = "network.vpn";
    /// <summary>Windows asks DNS for no AAAA records while Teredo is its only IPv6.</summary>
    public const string DnsNoAaaa = "dns.no-aaaa";
    /// <summary>Whether the sockets of a program ask for strangers can't be read from outside.</summary>
    public const string AppSocketLevel = "app.socket-level";

    /// <summary>The registry switches IPv6 off.</summary>
    public const string IPv6Off = "ipv6.off";
    /// <summary>IPv6 is not installed.</summary>
    public const string IPv6NotInstalled = "ipv6.not-installed";
    /// <summary>The service that runs Windows' Teredo is not installed.</summary>
    public const string ServiceMissing = "service.missing";
    /// <summary>The service that runs Windows' Teredo is disabled.</summary>
    public const string ServiceDisabled = "service.disabled";
    /// <summary>The service that runs Windows' Teredo does not run.</summary>
    public const string ServiceStopped = "service.stopped";

    /// <summary>The Windows Firewall is off.</summary>
    public const string FirewallOff = "firewall.off";
    /// <summary>Windows Security finds no firewall that is on.</summary>
    public const string FirewallNotHealthy = "firewall.not-healthy";
    /// <summary>Another vendor's firewall is registered.</summary>
    public const string FirewallOther = "firewall.other-product";
    /// <summary>The firewall blocks all incoming packets, whatever the rules say.</summary>
    public const string FirewallBlocksAll = "firewall.blocks-all";
    /// <summary>A group policy overrides the firewall's local rules.</summary>
    public const string FirewallPolicy = "firewall.policy";
    /// <summary>The firewall's state or its rules can't be read.</summary>
    public const string FirewallNotRead = "firewall.not-read";
    /// <summary>No rule lets strangers in to the program.</summary>
    public const string FirewallNoException = "firewall.no-exception";
    /// <summary>A rule lets strangers in to the program, but not all of them.</summary>
    public const string FirewallExceptionNarrow = "firewall.exception-narrow";
    /// <summary>A rule blocks incoming packets for the program.</summary>
    public const string FirewallBlockRule = "firewall.block-rule";
    /// <summary>The program runs every .NET program, so it can't have a rule.</summary>
    public const string FirewallProgramIsHost = "firewall.program-is-host";
    /// <summary>The path of the program is not known, so its rules can't be found.</summary>
    public const string FirewallProgramNotKnown = "firewall.program-not-known";
    /// <summary>No rule allows UDP to the port of Windows' Teredo.</summary>
    public const string FirewallTeredoPort = "firewall.teredo-port";
    /// <summary>No rule allows Echo Requests.</summary>
    public const string FirewallEcho = "firewall.echo";
    /// <summary>No rule allows ICMPv6 messages that IPv6 needs.</summary>
    public const string FirewallIcmpv6 = "firewall.icmpv6";
    /// <summary>A rule blocks traffic that Teredo or IPv6 itself needs.</summary>
    public const string FirewallBlocksSystem = "firewall.blocks-system";
    /// <summary>A rule lets strangers in to the program, but the filters of the edge-traversal sublayer do not.</summary>
    public const string FirewallNoPermitFilter = "firewall.no-permit-filter";
    /// <summary>No rule allows protocol 41, which another tunnel uses.</summary>
    public const string FirewallProtocol41 = "firewall.protocol-41";

    /// <summary>A rule of the setup was changed since, so it is left alone.</summary>
    public const string SetupRuleChanged = "setup.rule-changed";
    /// <summary>A rule that the setup changed was removed since, so it is not restored.</summary>
    public const string SetupRuleRemoved = "setup.rule-removed";
    /// <summary>Another program has a rule of the same name, so both are left alone.</summary>
    public const string SetupRuleShared = "setup.rule-shared";
    /// <summary>The name of a removal is that of another program, so nothing is removed.</summary>
    public const string SetupOtherProgram = "setup.other-program";
    /// <summary>The settings of Windows' Teredo were changed since the setup, or their former value is not known, so they stay.</summary>
    public const string SetupTeredoChanged = "setup.teredo-changed";
    /// <summary>The record of another application can't be used, so it is not known whether it needs Windows' Teredo.</summary>
    public const string SetupOtherNotKnown = "setup.other-not-known";
    /// <summary>Other users can write to the folder of the setup's records, so they are not read.</summary>
    public const string SetupFolderNotTrusted = "setup.folder-not-trusted";
    /// <summary>An application needs no setup on this system.</summary>
    public const string SetupNothingToDo = "setup.nothing-to-do";
    /// <summary>Another program holds the record of a setup.</summary>
    public const string SetupRecordLocked = "setup.record-locked";
    /// <summary>A setup failed, and not all that it changed could be undone.</summary>
    public const string SetupNotUndone = "setup.not-undone";
    /// <summary>A program that would run with an administrator's rights can be changed by users without them.</summary>
    public const string SetupProgramWritable = "setup.program-writable";

    /// <summary>The node is starting, so it has no address yet.</summary>
    public const string NodeStarting = "node.starting";
    /// <summary>The provider can't be used on this system.</summary>
    public const string ProviderNotSupported = "provider.not-supported";
    /// <summary>No interface with a Teredo address is up.</summary>
    public const string InterfaceMissing = "interface.missing";
    /// <summary>An interface has a Teredo address, but it can't be used.</summary>
    public const string InterfaceUnusable = "interface.unusable";
    /// <summary>An interface has a Teredo address, but it is used only when it is named.</summary>
    public const string InterfaceNotChosen = "interface.not-chosen";
    /// <summary>The system tells of no changes of the network.</summary>
    public const string NetworkNotWatched = "network.not-watched";
    /// <summary>A stranger sent, and nothing of it came in.</summary>
    public const string ReachabilityNone = "reachability.none";
    /// <summary>Whether strangers get in could not be checked.</summary>
    public const string ReachabilityNotChecked = "reachability.not-checked";

    /// <summary>systemd does not run the machine, so a service is set up but not started.</summary>
    public const string SetupNotBooted = "setup.systemd-not-running";
    /// <summary>A service chooses its UDP port anew at each start, so the firewall gets no exception.</summary>
    public const string SetupNoServicePort = "setup.no-service-port";
    /// <summary>A setup without root's rights can't read whether a firewall blocks the port.</summary>
    public const string SetupFirewallUnread = "setup.firewall-unread";
    /// <summary>The kernel has a filter table of the old iptables, which a setup does not change.</summary>
    public const string SetupLegacyIptables = "setup.legacy-iptables";
    /// <summary>A unit was changed by hand since its setup; the changes are overwritten.</summary>
    public const string SetupUnitChanged = "setup.unit-changed";
    /// <summary>Somebody changed what a setup made, so it is left alone.</summary>
    public const string SetupLeftAlone = "setup.left-alone";
    /// <summary>The record of a setup can't be used.</summary>
    public const string SetupRecordDamaged = "setup.record-damaged";
    /// <summary>The record of a setup is that of another machine, from which a folder or an image was copied.</summary>
    public const string SetupRecordOfOtherMachine = "setup.record-of-other-machine";
    /// <summary>There is no record of a setup, so what bears its mark is removed.</summary>
    public const string SetupNoRecord = "setup.no-record";
    /// <summary>The process may not create a private network of its own.</summary>
    public const string LinuxNamespacesRefused = "linux.namespaces-refused";
    /// <summary>The device /dev/net/tun can't be opened.</summary>
    public const string LinuxTunUnavailable = "linux.tun-unavailable";
    /// <summary>The kernel has IPv6 switched off.</summary>
    public const string LinuxKernelWithoutIPv6 = "linux.kernel-without-ipv6";
    /// <summary>New network devices of the machine get no IPv6.</summary>
    public const string LinuxIPv6SwitchedOff = "linux.ipv6-switched-off";
    /// <summary>Another Teredo client has an interface on the machine.</summary>
    public const string LinuxOtherTeredoInterface = "linux.other-teredo-interface";
    /// <summary>A firewall of the machine drops UDP that goes out to Teredo servers.</summary>
    public const string LinuxUdpBlockedOut = "linux.udp-blocked-out";
    /// <summary>A firewall of the machine drops the answers of Teredo servers and peers.</summary>
    public const string LinuxUdpBlockedIn = "linux.udp-blocked-in";
    /// <summary>A firewall of the machine drops what strangers send to the service's port.</summary>
    public const string LinuxServicePortBlocked = "linux.service-port-blocked";
    /// <summary>The machine has native IPv6.</summary>
    public const string NetworkNativeIPv6 = "network.native-ipv6";
    /// <summary>The link that Teredo goes over is too small for its packets.</summary>
    public const string NetworkSmallMtu = "network.small-mtu";
    /// <summary>A Teredo server does not answer.</summary>
    public const string ServerSilent = "server.silent";
    /// <summary>The name of a Teredo server has no IPv4 address.</summary>
    public const string ServerNotResolved = "server.not-resolved";
    /// <summary>A Teredo server does not answer at its secondary address.</summary>
    public const string ServerSecondarySilent = "server.secondary-silent";
    /// <summary>The NAT is symmetric.</summary>
    public const string NatSymmetric = "nat.symmetric";
    /// <summary>Another NAT is in front of the one that maps a port.</summary>
    public const string NatBehindAnother = "nat.behind-another";
    /// <summary>The node and the peer will not be able to connect.</summary>
    public const string PeerDoesNotConnect = "peer.does-not-connect";
    /// <summary>The two reports do not tell whether the node and the peer will be able to connect.</summary>
    public const string PeerNotKnown = "peer.not-known";
    /// <summary>A question of the doctor has no answer.</summary>
    public const string DoctorNotChecked = "doctor.not-checked";

    /// <summary>The name of the finding for an error that has no finding of its own: "error." and the error's words, such as <c>error.no-server</c>.</summary>
    /// <param name="error">The error.</param>
    public static string Of(TeredoError error)
    {
        string name = error.ToString();
        return "error." + string.Concat(name.Select((c, i) => (i > 0 && char.IsUpper(c) && !char.IsUpper(name[i - 1]) ? "-" : "") + char.ToLowerInvariant(c)));
    }
}
