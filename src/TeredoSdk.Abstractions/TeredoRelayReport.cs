using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>The state of a Teredo relay, as it was when asked for.</summary>
public sealed record TeredoRelayReport
{
    /// <summary>The name of the network device.</summary>
    public required string InterfaceName { get; init; }

    /// <summary>Whether it serves this machine's own addresses only (RFC 4380 §2.12).</summary>
    public required bool IsHostSpecific { get; init; }

    /// <summary>The IPv6 prefixes served, at their first address; none while a host-specific relay waits for a native address.</summary>
    public required IReadOnlyList<IPNetwork> Served { get; init => field = ValueList.Of(value); }

    /// <summary>The UDP endpoint that it talks to Teredo clients from, or null while it does not run.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>How many Teredo clients are remembered.</summary>
    public required int Peers { get; init; }

    /// <summary>What was dropped since it started or what it serves changed, by reason; reasons that never occurred are left out.</summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init => field = ValueDictionary.Of(value); }

    /// <summary>What keeps packets from getting through and what to do about it, or null when nothing is known to.</summary>
    public string? Problem { get; init; }
}
