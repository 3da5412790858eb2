using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk;

/// <summary>The provider of a Teredo address.</summary>
public enum TeredoProvider
{
    /// <summary>
    /// The first of the following providers that can qualify; on Linux the embedded one comes before an interface. A report never has this value.
    /// </summary>
    Auto,
    /// <summary>Windows' own Teredo.</summary>
    Windows,
    /// <summary>A Teredo interface of this machine that is already up, for example that of miredo.</summary>
    Interface,
    /// <summary>The SDK's own client, inside the application.</summary>
    Embedded,
}

/// <summary>Something that was passed over, and why.</summary>
public sealed record PassedOver
{
    /// <summary>What was passed over, for example a provider, or the kernel sockets of a provider.</summary>
    public required string Way { get; init; }

    /// <summary>Why, and what would help.</summary>
    public required Finding Finding { get; init; }

    /// <summary>The sentence of <see cref="Finding"/>.</summary>
    public string Reason => Finding.Sentence;
}

/// <summary>The state of a node.</summary>
public enum TeredoState
{
    /// <summary>The node is not started, or disposed.</summary>
    Stopped,
    /// <summary>
    /// There is no IPv4 path, or the machine has native IPv6 and its Teredo gives way to that (RFC 4380 §5.5). The node goes on when this changes.
    /// </summary>
    Suppressed,
    /// <summary>The node asks a server for an address.</summary>
    Qualifying,
    /// <summary>The node has an address.</summary>
    Qualified,
    /// <summary>The node has no address, and tries again later.</summary>
    Offline,
    /// <summary>The node is idle and has no opted-in socket. A bind or a datagram wakes it.</summary>
    Dormant,
}

/// <summary>Whether packets from strangers get in. An address alone does not tell that.</summary>
public enum Reachability
{
    /// <summary>There is an address, but no packet from a stranger has come in since the node got it.</summary>
    NotChecked,
    /// <summary>
    /// No packet can get in: there is no address, or a stranger that was asked to send did so and nothing of it came in.
    /// </summary>
    No,
    /// <summary>An unsolicited packet came in.</summary>
    Yes,
}

/// <summary>The state of a node at the time of the report.</summary>
public sealed record TeredoReport
{
    /// <summary>The provider of the address.</summary>
    public required TeredoProvider Provider { get; init; }

    /// <summary>Whether the sockets are ordinary kernel sockets. Otherwise they live inside the process.</summary>
    public required bool KernelSockets { get; init; }

    /// <summary>The ways that were passed over before this provider, in the order in which they were tried.</summary>
    public IReadOnlyList<PassedOver> PassedOver { get; init => field = ValueList.Of(value); } = ValueList<PassedOver>.Empty;

    /// <summary>The state of the node.</summary>
    public required TeredoState State { get; init; }

    /// <summary>
    /// The Teredo address, or null while there is none. A dormant node keeps its last address, but no peer can reach it until the node wakes.
    /// </summary>
    public IPAddress? Address { get; init; }

    /// <summary>Whether a packet from a stranger has come in at this address.</summary>
    public required Reachability Reachability { get; init; }

    /// <summary>The primary address of the server in use, or null when it is not known.</summary>
    public IPAddress? Server { get; init; }

    /// <summary>The secondary address of the server in use, or null when it is not known.</summary>
    public IPAddress? SecondaryServer { get; init; }

    /// <summary>How the NAT maps ports, or "not checked" (RFC 4787 §4.1).</summary>
    public required MappingBehaviour Mapping { get; init; }

    /// <summary>Which packets the NAT passes to the node, or "not checked" (RFC 4787 §5).</summary>
    public required FilteringBehaviour Filtering { get; init; }

    /// <summary>The NAT's name in RFC 3489's words: none, cone, restricted, symmetric or unknown.</summary>
    public required string NatName { get; init; }

    /// <summary>Whether the NAT preserves port numbers; null while there is no address.</summary>
    public bool? PortPreserving { get; init; }

    /// <summary>
    /// Whether a symmetric NAT may increase its ports by a small step (RFC 6081 §5.5); null while that is not known. False for other NATs.
    /// </summary>
    public bool? SequentialPorts { get; init; }

    /// <summary>Whether a symmetric NAT uses another external address towards another destination; null while that is not known.</summary>
    public bool? SeveralAddresses { get; init; }

    /// <summary>The UDP endpoint of this machine that carries Teredo, or null while none is open.</summary>
    public IPEndPoint? LocalEndPoint { get; init; }

    /// <summary><see cref="LocalEndPoint"/> as the server sees it, or null while there is no address.</summary>
    public IPEndPoint? MappedEndPoint { get; init; }

    /// <summary>Whether the gateway maps an external UDP port to the node, or "not asked".</summary>
    public PortMappingState PortMapping { get; init; }

    /// <summary>
    /// The external endpoint that the gateway maps to the node, or null without a mapping. With <see cref="PortMappingState.BehindAnotherNat"/> it is not a public one.
    /// </summary>
    public IPEndPoint? PortMappingEndPoint { get; init; }

    /// <summary>The protocol of the port mapping: PCP, NAT-PMP or UPnP IGD; null without a mapping.</summary>
    public string? PortMappingProtocol { get; init; }

    /// <summary>
    /// Why there is no port mapping that everybody can use, and what would help; null unless the state is <see cref="PortMappingState.NotMapped"/> or
    /// <see cref="PortMappingState.BehindAnotherNat"/>.
    /// </summary>
    public string? PortMappingProblem { get; init; }

    /// <summary>
    /// The interval between two refreshes at the server, or null when another program keeps the address. It is <c>TeredoOptions.RefreshInterval</c>, or
    /// shorter, down to 5 s, after the NAT forgot the mapping within it.
    /// </summary>
    public TimeSpan? RefreshInterval { get; init; }

    /// <summary>The size of the largest IPv6 packet, in octets, or null before the first qualification.</summary>
    public int? MtuOctets { get; init; }

    /// <summary>
    /// Whether packets of the full MTU reach the peers, as far as TCP connections from this address have shown it. False: large packets to a peer got
    /// no acknowledgement while small ones did, so something on the path drops the fragments of large UDP datagrams; TCP goes on with smaller packets
    /// (RFC 4821), and an application should send small datagrams. Null: not known, because no connection of the
    /// embedded engine has carried enough.
    /// </summary>
    public bool? LargePacketsArrive { get; init; }

    /// <summary>How the embedded engine moves packets; null with another provider.</summary>
    public TeredoDatapathReport? Datapath { get; init; }

    /// <summary>What the node does when the machine has native IPv6. <see cref="NativeIPv6Mode.Beside"/> departs from RFC 4380 §5.5.</summary>
    public required NativeIPv6Mode NativeIPv6 { get; init; }

    /// <summary>Whether the machine has native IPv6: a global address and a default route.</summary>
    public required bool HasNativeIPv6 { get; init; }

    /// <summary>The number of open sockets.</summary>
    public required int Sockets { get; init; }

    /// <summary>The number of open sockets that accept unsolicited packets.</summary>
    public required int UnrestrictedSockets { get; init; }

    /// <summary>The number of peers that the node remembers.</summary>
    public required int Peers { get; init; }

    /// <summary>The number of dropped packets since the start, by reason. Reasons that never occurred are left out.</summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init => field = ValueDictionary.Of(value); }

    /// <summary>What is wrong or worth knowing, the cause before the symptom.</summary>
    public IReadOnlyList<Finding> Findings { get; init => field = ValueList.Of(value); } = ValueList<Finding>.Empty;

    /// <summary>The error of the first finding that is an error; null when nothing is wrong.</summary>
    public TeredoError? Error => FirstError?.Error;

    /// <summary>The sentence of that finding: why, and what to do.</summary>
    public string? Problem => FirstError?.Sentence;

    Finding? FirstError => Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error);

    /// <summary>The state of Windows' own Teredo, and what keeps it from working; null with another provider.</summary>
    public WindowsReport? Windows { get; init; }

    /// <summary>The time of the next attempt, or null when none is planned.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}
