using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>The state of a Teredo server at the time of the report.</summary>
public sealed record TeredoServerReport
{
    /// <summary>The primary address and the UDP port.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>The secondary address and the UDP port, or null when the server has none.</summary>
    public IPEndPoint? SecondaryEndPoint { get; init; }

    /// <summary>The address from which clients get a packet of a stranger, and its first UDP port; null when the server has none.</summary>
    public IPEndPoint? ReflectEndPoint { get; init; }

    /// <summary>Whether the server forwards the pings of clients to native IPv6 hosts (RFC 4380 §5.3.1).</summary>
    public required bool ForwardsToNativeIPv6 { get; init; }

    /// <summary>The number of dropped packets since the start, by reason. Reasons that never occurred are left out.</summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init => field = ValueDictionary.Of(value); }

    /// <summary>How the server moves datagrams.</summary>
    public TeredoDatapathReport? Datapath { get; init; }

    /// <summary>Why the server does not forward pings to native IPv6 hosts, and what to do; null when it forwards them.</summary>
    public string? Problem { get; init; }
}
