using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>The state of a Teredo server, as it was when asked for.</summary>
public sealed record TeredoServerReport
{
    /// <summary>The primary address and the UDP port.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>The secondary address and the UDP port, or null when the server has none.</summary>
    public IPEndPoint? SecondaryEndPoint { get; init; }

    /// <summary>Whether pings of clients to native IPv6 hosts are forwarded (RFC 4380 §5.3.1).</summary>
    public required bool ForwardsToNativeIPv6 { get; init; }

    /// <summary>What was dropped since the start, by reason; reasons that never occurred are left out.</summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init => field = ValueDictionary.Of(value); }

    /// <summary>Why pings are not forwarded to native IPv6, and what to do about it; null when they are.</summary>
    public string? Problem { get; init; }
}
