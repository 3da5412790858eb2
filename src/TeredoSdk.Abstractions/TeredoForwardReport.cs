using System.Net;

namespace TeredoSdk;

/// <summary>What a forward has done so far.</summary>
public sealed record TeredoForwardReport
{
    /// <summary>Where it listens: the current Teredo address, or an address of this machine. Null while there is no address.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>How many sessions are open.</summary>
    public required int Sessions { get; init; }

    /// <summary>How many sessions began, with those that are open.</summary>
    public required long Begun { get; init; }

    /// <summary>How many sessions were refused because a limit was reached. Of UDP each datagram counts.</summary>
    public required long Refused { get; init; }

    /// <summary>How many sessions ended because the target could not be reached, or because one of the two ends broke.</summary>
    public required long Failed { get; init; }

    /// <summary>How many sessions ended because nothing came for the time that the options allow.</summary>
    public required long Idle { get; init; }

    /// <summary>The octets of payload that were handed on to the target.</summary>
    public required long OctetsToTarget { get; init; }

    /// <summary>The octets of payload that came from the target and were handed on.</summary>
    public required long OctetsFromTarget { get; init; }

    /// <summary>
    /// How many datagrams were lost here: too large for Teredo (1232 octets), or faster than the other side took them.
    /// </summary>
    public required long DatagramsLost { get; init; }

    /// <summary>Why the last session failed; null when none has since the last one that reached its target.</summary>
    public Finding? Problem { get; init; }
}
