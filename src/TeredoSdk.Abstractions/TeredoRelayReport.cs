using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>The state of a Teredo relay at the time of the report.</summary>
public sealed record TeredoRelayReport
{
    /// <summary>The name of the network device.</summary>
    public required string InterfaceName { get; init; }

    /// <summary>Whether the relay serves only this machine's own addresses (RFC 4380 §2.12).</summary>
    public required bool IsHostSpecific { get; init; }

    /// <summary>The IPv6 prefixes that the relay serves. A host-specific relay serves none while the machine has no native address.</summary>
    public required IReadOnlyList<IPNetwork> Served { get; init => field = ValueList.Of(value); }

    /// <summary>The UDP endpoint from which the relay talks to Teredo clients, or null while the relay does not run.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>The number of Teredo clients that the relay remembers.</summary>
    public required int Peers { get; init; }

    /// <summary>
    /// The number of dropped packets by reason, since the relay started or since the prefixes that it serves changed. Reasons that never occurred are
    /// left out.
    /// </summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init => field = ValueDictionary.Of(value); }

    /// <summary>How the relay moves packets; null while it does not run.</summary>
    public TeredoDatapathReport? Datapath { get; init; }

    /// <summary>What keeps packets from getting through, and what to do; null when no problem is known.</summary>
    public string? Problem { get; init; }
}
