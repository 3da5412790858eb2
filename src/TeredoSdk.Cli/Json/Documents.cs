using System.Net;
using TeredoSdk.Setup;

namespace TeredoSdk.Cli.Json;

/// <summary>A command that failed: the name of the failure, and the sentence.</summary>
sealed record FailureDocument(string Error, string Problem);

/// <summary>A status without an address, on Windows: the failure, and what Windows says.</summary>
sealed record StatusFailureDocument(string Error, string Problem, WindowsReport Windows);

/// <summary>
/// The parts of a Teredo address. The prefix is current, or old: that of early Windows XP, which nobody routes any more. The flags are 16 bits in
/// hexadecimal digits. A public address has two IPv4 addresses of the public internet.
/// </summary>
sealed record DecodeDocument(IPAddress Address, string Prefix, string PrefixAge, IPAddress Server, string Flags, bool Cone,
    IPEndPoint MappedEndPoint, bool IsPublic);

/// <summary>What an echo service did until it was ended.</summary>
sealed record EchoDocument(string Protocol, IPEndPoint? EndPoint, long Peers, long OctetsReceived, long OctetsSent);

/// <summary>A conversation with one peer.</summary>
sealed record ConversationDocument(string Protocol, IPEndPoint? EndPoint, IPEndPoint? Peer, long OctetsReceived, long OctetsSent);

/// <summary>What came of pings.</summary>
sealed record PingDocument(IPAddress Address, int Sent, int Received, double LossPercent, double? MinMilliseconds, double? AverageMilliseconds,
    double? MaxMilliseconds, IReadOnlyList<PingReplyDocument> Replies, string? Problem);

/// <summary>What came of one ping.</summary>
sealed record PingReplyDocument(int Sequence, string Status, double? RoundTripMilliseconds, string? Problem);

/// <summary>A server that serves.</summary>
sealed record ServerDocument(IPEndPoint EndPoint, IPEndPoint? SecondaryEndPoint, bool RateLimits, bool ForwardsNativeIPv6);

/// <summary>A Teredo interface of the whole machine, and the relay that it is instead while there is native IPv6.</summary>
sealed record ClientDocument(string InterfaceName, TeredoReport Report, RelayDocument? Relay);

/// <summary>A relay.</summary>
sealed record RelayDocument(string InterfaceName, bool IsHostSpecific, IReadOnlyList<string> Served, IPEndPoint? EndPoint, string? Problem)
{
    public static RelayDocument? Of(TeredoRelayReport? report) => report is null ? null
        : new(report.InterfaceName, report.IsHostSpecific, [.. report.Served.Select(prefix => prefix.ToString())], report.EndPoint, report.Problem);
}

/// <summary>
/// What a setup or a removal does, and whether it was applied: every step was done and read back. The elevated command applies it where
/// rights are missing.
/// </summary>
sealed record PlanDocument(bool Applied, bool NeedsElevation, string ElevatedCommand, IReadOnlyList<SetupStep> Steps, IReadOnlyList<string> Warnings);
