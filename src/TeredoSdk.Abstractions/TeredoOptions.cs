using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Windows;

namespace TeredoSdk;

/// <summary>What a node does when the machine has native IPv6 (RFC 4380 §5.5).</summary>
public enum NativeIPv6Mode
{
    /// <summary>
    /// Teredo stays up beside native IPv6. This departs from RFC 4380 §5.5. It does no harm with an engine inside one application, because the
    /// machine's address selection never sees the Teredo address.
    /// </summary>
    Beside,
    /// <summary>
    /// Teredo gives way to native IPv6, as RFC 4380 §5.5 requires, and the machine becomes a host-specific relay. This needs a Teredo interface and a
    /// route for the whole machine, so an embedded engine inside a process refuses it.
    /// </summary>
    Instead,
}

/// <summary>The kind of sockets that an embedded engine offers the application.</summary>
public enum TeredoSockets
{
    /// <summary>Kernel sockets where they are available, else sockets inside the process; the report says why.</summary>
    Auto,
    /// <summary>
    /// Ordinary kernel sockets (TCP and UDP) in a private network of this process. They need Linux with user namespaces and <c>/dev/net/tun</c>, but
    /// no privileges.
    /// </summary>
    Kernel,
    /// <summary>
    /// Sockets inside the process: TCP, UDP and ICMPv6 echo of the engine itself, on any system. Their <c>Socket</c> is null.
    /// </summary>
    InProcess,
}

/// <summary>Settings of a <c>TeredoNode</c>. A node copies them when it starts; later changes do not affect it.</summary>
public sealed class TeredoOptions
{
    /// <summary>
    /// The environment variable that names the servers when <see cref="Servers"/> is empty: one server, or several with semicolons between them.
    /// </summary>
    public const string ServerVariable = "TEREDO_SERVER";

    // Stands for servers that are known by name. Only a resolver can check those.
    static readonly TeredoServerAddress AnyServer = new(new IPv4Address(0x0101_0101));

    /// <summary>
    /// The Teredo servers in order of preference: <c>host</c> or <c>host,secondary</c>, each an IPv4 address or a name; or
    /// <c>default</c>, the server of Windows' own Teredo. Without a secondary, the primary address plus 1 is the secondary. When a server does not
    /// answer, the node tries the next one. When the list is empty (the default), the node uses the servers of <see cref="ServerVariable"/>, else the
    /// server that Windows' own Teredo is set to use.
    /// </summary>
    public IList<string> Servers { get; set; } = [];

    /// <summary>The provider of the address; <see cref="TeredoProvider.Auto"/> by default.</summary>
    public TeredoProvider Provider { get; set; }

    /// <summary>The kind of sockets that the embedded engine offers; <see cref="TeredoSockets.Auto"/> by default.</summary>
    public TeredoSockets Sockets { get; set; }

    /// <summary>The secret of secure qualification (RFC 4380 §5.2.2), or null (the default) to qualify with the nonce alone.</summary>
    public TeredoSecret? Secret { get; set; }

    /// <summary>The local UDP port that carries Teredo, 1 to 65535, or 0 (the default) for a random port.</summary>
    public int ClientPort { get; set; }

    /// <summary>The longest time between two refreshes of the NAT's mapping: 5 s to 10 min; 30 s by default (RFC 6081 §5.1.1).</summary>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The extensions of RFC 6081 that the client uses; all by default.</summary>
    public TeredoExtensions Extensions { get; set; } = TeredoExtensions.All;

    /// <summary>
    /// Whether the node asks the router to map a UDP port to it (PCP, NAT-PMP or UPnP IGD), which helps behind symmetric NATs (RFC 6081 §5.3); on by
    /// default. Nothing waits for the router's answer. The node renews the mapping while it has a port open, and removes it at the end.
    /// </summary>
    public bool PortMapping { get; set; } = true;

    /// <summary>
    /// The router to ask for the port mapping: the IPv4 address of its side of the local network. Null (the default) for the next hop of the default
    /// route. It helps where that is an address that several routers share, and the answers come from another one: only answers of this address count
    /// (RFC 6886 §3.2).
    /// </summary>
    public IPAddress? PortMappingGateway { get; set; }

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories and loopback only.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>
    /// Whether the node passes over a server whose secondary address does not answer. Otherwise (the default) it uses such a server, and reports that
    /// the mapping behaviour was not checked.
    /// </summary>
    public bool RequireSecondary { get; set; }

    /// <summary>The longest time that a start or a bind waits for an address: 1 s to 10 min; 30 s by default.</summary>
    public TimeSpan QualificationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest time that an attempt to connect to one address waits for the peer's answer: 1 s to 10 min, or zero or
    /// <see cref="Timeout.InfiniteTimeSpan"/> for as long as the system's TCP tries; 20 s by default. The wait for an address of our own does not count.
    /// Afterwards the attempt fails with <see cref="TeredoError.PeerUnreachable"/>. A Teredo host drops packets to ports where nothing listens without
    /// an answer, so a wrong port takes this long.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Whether a start, a bind or a connect waits, for as long as it takes, while this machine has no IPv4 network: a program that is started at boot
    /// comes before the network does. The log says that it waits. Off by default: then they fail at once with
    /// <see cref="TeredoError.NetworkUnavailable"/>. In an application that added Teredo to its services, it is on by default.
    /// </summary>
    public bool WaitForNetwork { get; set; }

    /// <summary>
    /// The time without traffic and without opted-in sockets after which the node goes dormant: 1 min to 7 days, or zero for never; 1 h by default.
    /// </summary>
    public TimeSpan DormancyTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What to do when the machine has native IPv6; <see cref="NativeIPv6Mode.Beside"/> by default.</summary>
    public NativeIPv6Mode NativeIPv6 { get; set; }

    /// <summary>
    /// Whether the node adds a firewall exception on Windows when an opted-in socket opens that no rule lets strangers in to: null (the default) asks
    /// <see cref="Consent"/>, true is the application's own yes, as of a service that nobody can be asked for, and false is never. The exception is for
    /// this program, the socket's protocol and port, and Teredo addresses of this machine. It ends with the socket; what a crashed run left is removed
    /// at the next start of the program. Without a yes, or without an administrator's rights, the report says what is missing, with the command that
    /// adds the exception.
    /// </summary>
    public bool? RegisterFirewallException { get; set; }

    /// <summary>
    /// The application's own command that adds its firewall exception on Windows, for findings to name, such as <c>game.exe --repair-network</c>; null
    /// (the default) for netsh, which every Windows has. It is shown to a person, and never run.
    /// </summary>
    public string? SetupCommand { get; set; }

    /// <summary>
    /// Asks the person at the machine before the node installs, enables or opens anything on Windows. When null (the default), the node changes
    /// nothing, and the report says what would help. It may be called on any thread.
    /// </summary>
    public Func<ConsentRequest, CancellationToken, ValueTask<bool>>? Consent { get; set; }

    /// <summary>The Windows to use; null (the default) for this machine's Windows, if it has one. Tests can set a fake Windows.</summary>
    [Experimental("TEREDO001")]
    public IWindowsSystem? Windows { get; set; }

    /// <summary>
    /// A file to which the embedded engine writes all its packets, as a pcap of raw IP packets: the UDP datagrams outside the tunnel and the IPv6
    /// packets inside it. Null (the default) for no file. The node overwrites the file when it starts, and stops writing at 1 GiB. Two nodes can't
    /// share a file. The file contains what the application sends and receives: give it only to people who may see that. Other providers have no
    /// packets to write.
    /// </summary>
    public string? CaptureFile { get; set; }

    /// <summary>Makes the node's loggers; by default the node does not log.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The highest rung of the ladder of ways to move packets; <see cref="TeredoDatapath.Auto"/> by default. The embedded engine alone heeds it.</summary>
    public TeredoDatapath Datapath { get; set; }

    /// <summary>The node's clock and timers; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks every option that can be checked without asking the network.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (Servers is null)
            throw BadOption.Of(nameof(Servers), "null", "a list, which may be empty");
        var literals = new List<TeredoServerAddress>();
        foreach (string server in Servers)
        {
            if (!ServerName.TryParse(server, out var name))
                throw BadOption.Of(nameof(Servers), $"'{server}'", ServerName.Expected);
            if (name.Literal is { } literal)
                literals.Add(literal);
        }
        BadOption.RequirePort(ClientPort, nameof(ClientPort), allowAny: true);
        if (QualificationTimeout < TimeSpan.FromSeconds(1) || QualificationTimeout > TimeSpan.FromMinutes(10))
            throw BadOption.Of(nameof(QualificationTimeout), QualificationTimeout, "1 second to 10 minutes");
        if (HasConnectTimeout && (ConnectTimeout < TimeSpan.FromSeconds(1) || ConnectTimeout > TimeSpan.FromMinutes(10)))
            throw BadOption.Of(nameof(ConnectTimeout), ConnectTimeout, "1 second to 10 minutes, or zero for no limit");
        if (Provider is < TeredoProvider.Auto or > TeredoProvider.Embedded)
            throw BadOption.Of(nameof(Provider), Provider, "Auto, Windows, Interface or Embedded");
        if (Sockets is < TeredoSockets.Auto or > TeredoSockets.InProcess)
            throw BadOption.Of(nameof(Sockets), Sockets, "Auto, Kernel or InProcess");
        BadOption.RequireDatapath(Datapath, nameof(Datapath));
        if (NativeIPv6 is < NativeIPv6Mode.Beside or > NativeIPv6Mode.Instead)
            throw BadOption.Of(nameof(NativeIPv6), NativeIPv6, "Beside or Instead");
        if (PortMappingGateway is not null && GatewayAddress is null)
            throw BadOption.Of(nameof(PortMappingGateway), PortMappingGateway, "the IPv4 address of a router, such as 192.168.1.1");
        if (SetupCommand is not null && (string.IsNullOrWhiteSpace(SetupCommand) || SetupCommand.Any(char.IsControl)))
            throw BadOption.Of(nameof(SetupCommand), $"'{SetupCommand}'", "one line that a person can run, or null");
        if (CaptureFile is "")
            throw BadOption.Of(nameof(CaptureFile), "''", "the path of a file, or null for no capture");
        BadOption.RequireServices(LoggerFactory, TimeProvider);
        ToClientOptions(literals.Count > 0 ? literals : [AnyServer]).Validate();
    }

    /// <summary>Compares options: nodes with equal options are the same.</summary>
    /// <remarks>It compares field by field. Tuples would need types that are made at run time, which delays the start of a process.</remarks>
    internal static IEqualityComparer<TeredoOptions> Comparer { get; } = EqualityComparer<TeredoOptions>.Create(
        static (one, other) => ReferenceEquals(one, other) || (one is not null && other is not null && one.MeansSameAs(other)),
        static options => options.ClientPort); // a weak hash is enough, because a process has few options

    bool MeansSameAs(TeredoOptions other) => Servers.SequenceEqual(other.Servers) && Provider == other.Provider && Sockets == other.Sockets
        && Equals(Secret, other.Secret) && ClientPort == other.ClientPort && RefreshInterval == other.RefreshInterval && Extensions == other.Extensions
        && AllowPrivateAddresses == other.AllowPrivateAddresses && RequireSecondary == other.RequireSecondary
        && QualificationTimeout == other.QualificationTimeout && DormancyTimeout == other.DormancyTimeout && NativeIPv6 == other.NativeIPv6
        && ConnectTimeout == other.ConnectTimeout && WaitForNetwork == other.WaitForNetwork && PortMapping == other.PortMapping && Equals(PortMappingGateway, other.PortMappingGateway)
        && CaptureFile == other.CaptureFile && RegisterFirewallException == other.RegisterFirewallException && SetupCommand == other.SetupCommand
        && Equals(Consent, other.Consent) && Datapath == other.Datapath
        && ReferenceEquals(Windows, other.Windows) && Equals(LoggerFactory, other.LoggerFactory) && Equals(TimeProvider, other.TimeProvider);

    /// <summary>Whether an attempt to connect has a limit.</summary>
    internal bool HasConnectTimeout => ConnectTimeout != TimeSpan.Zero && ConnectTimeout != Timeout.InfiniteTimeSpan;

    /// <summary><see cref="PortMappingGateway"/> as an address that can be asked; null when there is none.</summary>
    internal IPv4Address? GatewayAddress => PortMappingGateway is { AddressFamily: AddressFamily.InterNetwork } gateway
        && IPv4Address.FromIPAddress(gateway) is var address && AddressPolicy.Lab.IsGlobalUnicast(address) ? address : null;

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoOptions Snapshot()
    {
        Validate();
        var copy = (TeredoOptions)MemberwiseClone();
        copy.Servers = [.. Servers];
        return copy;
    }

    internal TeredoClientOptions ToClientOptions(IReadOnlyList<TeredoServerAddress> servers) => new()
    {
        Servers = servers,
        RequireSecondary = RequireSecondary,
        Secret = Secret,
        ServicePort = (ushort)ClientPort,
        RefreshInterval = RefreshInterval,
        Extensions = Extensions,
        MapPort = PortMapping,
        AllowPrivateAddresses = AllowPrivateAddresses,
        // Beside is a departure from RFC 4380 §5.5: see NativeIPv6Mode.Beside.
        NativeIPv6 = NativeIPv6 == NativeIPv6Mode.Instead ? NativeIPv6Behaviour.Stop : NativeIPv6Behaviour.Beside,
        DormancyTimeout = DormancyTimeout,
    };
}
