using System.Net;
using System.Net.NetworkInformation;

namespace TeredoSdk;

/// <summary>The outcome of an ICMPv6 Echo Request.</summary>
public sealed record TeredoPingReply
{
    /// <summary>The address that the request was sent to.</summary>
    public required IPAddress Address { get; init; }

    /// <summary><see cref="IPStatus.Success"/>, <see cref="IPStatus.TimedOut"/> or <see cref="IPStatus.DestinationHostUnreachable"/>.</summary>
    public required IPStatus Status { get; init; }

    /// <summary>The time from the request to the reply; for a new peer it includes the exchange of bubbles. Zero without a reply.</summary>
    public TimeSpan RoundTripTime { get; init; }

    /// <summary>Why the peer can't be reached, if that is known; else null.</summary>
    public string? Problem { get; init; }
}
