using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Windows;

namespace TeredoSdk;

/// <summary>What a node does when the host has native IPv6 (RFC 4380 §5.5).</summary>
public enum NativeIPv6Mode
{
    /// <summary>
    /// Teredo stays up beside it: a departure from RFC 4380 §5.5 for an engine inside one application, whose address the host's
    /// address selection never sees.
    /// </summary>
    Beside,
    /// <summary>
    /// Teredo gives way to it, as §5.5 wants: the machine becomes a host-specific relay. Needs a Teredo interface and a route of the
    /// whole machine, so the embedded engine inside a process refuses it.
    /// </summary>
    Instead,
}

/// <summary>How an embedded engine meets the application.</summary>
public enum TeredoSockets
{
    /// <summary>Kernel sockets where they can be had, else sockets inside the process; the report says why.</summary>
    Auto,
    /// <summary>
    /// Ordinary sockets of the kernel (TCP and UDP) in a private network of this process: Linux with user namespaces and
    /// <c>/dev/net/tun</c>. No privileges are needed.
    /// </summary>
    Kernel,
    /// <summary>Sockets inside the process: UDP and ICMPv6 echo, on any system.</summary>
    InProcess,
}

/// <summary>Settings of a <c>TeredoNode</c>. A node copies them when it starts; later changes do not reach it.</summary>
public sealed class TeredoOptions
{
    /// <summary>The environment variable that names the servers when <see cref="Servers"/> is empty: one or several, separated by semicolons.</summary>
    public const string ServerVariable = "TEREDO_SERVER";

    // Stands for servers known by name, which only a resolver can judge.
    static readonly TeredoServerAddress AnyServer = new(new IPv4Address(0x0101_0101));

    /// <summary>
    /// The Teredo servers in order of preference: <c>host</c> or <c>host,secondary</c>, each an IPv4 address or a name. Without a
    /// secondary it is the primary address plus 1. The next server is tried when one does not answer. Empty (the default): those of
    /// <see cref="ServerVariable"/>, else the one that Windows' own Teredo is set to use.
    /// </summary>
    public IList<string> Servers { get; set; } = [];

    /// <summary>What provides the address; <see cref="TeredoProvider.Auto"/> by default.</summary>
    public TeredoProvider Provider { get; set; }

    /// <summary>How the embedded engine meets the application; <see cref="TeredoSockets.Auto"/> by default.</summary>
    public TeredoSockets Sockets { get; set; }

    /// <summary>The secret of secure qualification (RFC 4380 §5.2.2), or null (the default) for the nonce alone.</summary>
    public TeredoSecret? Secret { get; set; }

    /// <summary>The local UDP port that Teredo is carried over, 1 to 65535, or 0 (the default) for a random one.</summary>
    public int ClientPort { get; set; }

    /// <summary>How often the NAT's mapping is refreshed at the latest: 5 s to 10 min; 30 s by default (RFC 6081 §5.1.1).</summary>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The extensions of RFC 6081 that are on; all by default.</summary>
    public TeredoExtensions Extensions { get; set; } = TeredoExtensions.All;

    /// <summary>
    /// Whether the router is asked to lead a UDP port to the node (PCP, NAT-PMP or UPnP IGD), which helps behind symmetric NATs
    /// (RFC 6081 §5.3); on by default. Nothing waits for its answer, it is renewed while the node has a port open, and removed
    /// at the end.
    /// </summary>
    public bool PortMapping { get; set; } = true;

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories and loopback only.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Whether a server that is silent at its secondary address is passed over, instead of "mapping behaviour not checked".</summary>
    public bool RequireSecondary { get; set; }

    /// <summary>How long a start or a bind waits for an address at most: 1 s to 10 min; 30 s by default.</summary>
    public TimeSpan QualificationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long without traffic and opted-in sockets until the node goes dormant: 1 min to 7 days, or zero for never; 1 h by default.</summary>
    public TimeSpan DormancyTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What to do when the host has native IPv6.</summary>
    public NativeIPv6Mode NativeIPv6 { get; set; }

    /// <summary>
    /// Whether a firewall exception is registered for this program when it listens on Windows and has the rights to do so; on by default. Without the rights the report
    /// says what is missing, and the command that adds it.
    /// </summary>
    public bool RegisterFirewallException { get; set; } = true;

    /// <summary>
    /// Asks the person at the machine before anything is installed or enabled on Windows. Null (the default): nothing is, and the report says what would
    /// help.
    /// </summary>
    public Func<ConsentRequest, CancellationToken, ValueTask<bool>>? Consent { get; set; }

    /// <summary>The Windows that is driven; null (the default) for the real one, where there is one. Tests put a fake one here.</summary>
    [Experimental("TEREDO001")]
    public IWindowsSystem? Windows { get; set; }

    /// <summary>
    /// A file that gets all packets of the embedded engine, as a pcap of raw IP packets: the UDP datagrams outside and the IPv6 packets inside. Null
    /// (the default) for none. The file is overwritten when the node starts, belongs to one node, and ends at 1 GiB. It holds what the application
    /// sends and receives: give it to nobody who may not see that. Other providers have no packets to write.
    /// </summary>
    public string? CaptureFile { get; set; }

    /// <summary>Where the node logs to; nowhere by default.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The clock and the timers of the node; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks every option that can be checked without asking the network.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
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
        if (Provider is < TeredoProvider.Auto or > TeredoProvider.Embedded)
            throw BadOption.Of(nameof(Provider), Provider, "Auto, Windows, Interface or Embedded");
        if (Sockets is < TeredoSockets.Auto or > TeredoSockets.InProcess)
            throw BadOption.Of(nameof(Sockets), Sockets, "Auto, Kernel or InProcess");
        if (NativeIPv6 is < NativeIPv6Mode.Beside or > NativeIPv6Mode.Instead)
            throw BadOption.Of(nameof(NativeIPv6), NativeIPv6, "Beside or Instead");
        if (CaptureFile is "")
            throw BadOption.Of(nameof(CaptureFile), "''", "the path of a file, or null for no capture");
        BadOption.RequireServices(LoggerFactory, TimeProvider);
        ToClientOptions(literals.Count > 0 ? literals : [AnyServer]).Validate();
    }

    /// <summary>Whether two sets of options mean the same node.</summary>
    /// <remarks>Field by field: tuples of them would be made at run time, which a process that starts waits for.</remarks>
    internal static IEqualityComparer<TeredoOptions> Comparer { get; } = EqualityComparer<TeredoOptions>.Create(
        static (one, other) => ReferenceEquals(one, other) || (one is not null && other is not null && one.MeansSameAs(other)),
        static options => options.ClientPort); // a process has few

    bool MeansSameAs(TeredoOptions other) => Servers.SequenceEqual(other.Servers) && Provider == other.Provider && Sockets == other.Sockets
        && Equals(Secret, other.Secret) && ClientPort == other.ClientPort && RefreshInterval == other.RefreshInterval && Extensions == other.Extensions
        && AllowPrivateAddresses == other.AllowPrivateAddresses && RequireSecondary == other.RequireSecondary
        && QualificationTimeout == other.QualificationTimeout && DormancyTimeout == other.DormancyTimeout && NativeIPv6 == other.NativeIPv6
        && PortMapping == other.PortMapping && CaptureFile == other.CaptureFile && RegisterFirewallException == other.RegisterFirewallException && Equals(Consent, other.Consent)
        && ReferenceEquals(Windows, other.Windows) && Equals(LoggerFactory, other.LoggerFactory) && Equals(TimeProvider, other.TimeProvider);

    /// <summary>A copy that later changes do not reach, checked.</summary>
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
