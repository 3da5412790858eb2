using System.Net;
using TeredoSdk.Setup.Linux;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Json;

/// <summary>The failure of a command: its name and its message.</summary>
sealed record FailureDocument(string Error, string Problem);

/// <summary>A status without an address, on Windows: the failure, and Windows' report.</summary>
sealed record StatusFailureDocument(string Error, string Problem, WindowsReport Windows);

/// <summary>A diagnosis. A status of another node takes it as the report of a peer, too.</summary>
sealed record DoctorDocument(TeredoReport Report, IReadOnlyList<Finding> Findings);

/// <summary>A status with the report of a peer beside it: whether each of the two will be able to connect to the other.</summary>
sealed record PairDocument(TeredoReport Report, ConnectionForecast ToPeer, ConnectionForecast FromPeer);

/// <summary>
/// The parts of a Teredo address. The prefix is "current" or "old"; no network routes the old prefix of early Windows XP any more. The flags are 16
/// bits as hexadecimal digits. The address is public when its two IPv4 addresses are.
/// </summary>
sealed record DecodeDocument(IPAddress Address, string Prefix, string PrefixAge, IPAddress Server, string Flags, bool Cone,
    IPEndPoint MappedEndPoint, bool IsPublic);

/// <summary>The totals of an echo service at its end.</summary>
sealed record EchoDocument(string Protocol, IPEndPoint? EndPoint, long Peers, long OctetsReceived, long OctetsSent);

/// <summary>A conversation with one peer.</summary>
sealed record ConversationDocument(string Protocol, IPEndPoint? EndPoint, IPEndPoint? Peer, long OctetsReceived, long OctetsSent);

/// <summary>The totals of all forwards at their end.</summary>
sealed record ForwardsDocument(IReadOnlyList<ForwardDocument> Forwards);

/// <summary>The totals of one forward: sessions, and octets of payload.</summary>
sealed record ForwardDocument(string Protocol, IPEndPoint? EndPoint, string Target, long Begun, long Refused, long Failed, long Idle, long OctetsToTarget,
    long OctetsFromTarget, long DatagramsLost);

/// <summary>The results of all pings.</summary>
sealed record PingDocument(IPAddress Address, int Sent, int Received, double LossPercent, double? MinMilliseconds, double? AverageMilliseconds,
    double? MaxMilliseconds, IReadOnlyList<PingReplyDocument> Replies, string? Problem);

/// <summary>The result of one ping.</summary>
sealed record PingReplyDocument(int Sequence, string Status, double? RoundTripMilliseconds, string? Problem);

/// <summary>A running server.</summary>
sealed record ServerDocument(IPEndPoint EndPoint, IPEndPoint? SecondaryEndPoint, IPEndPoint? ReflectEndPoint, bool RateLimits, bool ForwardsNativeIPv6);

/// <summary>A Teredo interface of the whole machine, and the relay that replaces it while there is native IPv6.</summary>
sealed record ClientDocument(string InterfaceName, TeredoReport Report, RelayDocument? Relay);

/// <summary>A running relay.</summary>
sealed record RelayDocument(string InterfaceName, bool IsHostSpecific, IReadOnlyList<string> Served, IPEndPoint? EndPoint, string? Problem)
{
    public static RelayDocument? Of(TeredoRelayReport? report) => report is null ? null
        : new(report.InterfaceName, report.IsHostSpecific, [.. report.Served.Select(prefix => prefix.ToString())], report.EndPoint, report.Problem);
}

/// <summary>
/// The plan of a setup or a removal. Applied is true when every step was done and read back, complete when, besides, all that was asked for is in force;
/// the findings say what is missing. The elevated command applies the plan where this process lacks rights.
/// </summary>
sealed record PlanDocument(bool Applied, bool Complete, bool NeedsElevation, string ElevatedCommand, IReadOnlyList<SetupStep> Steps,
    IReadOnlyList<Finding> Findings);

/// <summary>
/// The plan of a setup or a removal of a service. Complete is true when all that was asked for is in force; it is false beside applied when a finding
/// says what is missing.
/// </summary>
sealed record ServicePlanDocument(bool Applied, bool Complete, bool NeedsElevation, string ElevatedCommand, IReadOnlyList<ServiceStep> Steps,
    IReadOnlyList<Finding> Findings);
