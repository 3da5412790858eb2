using System.Net;
using System.Net.NetworkInformation;

namespace TeredoSdk;

/// <summary>What became of an ICMPv6 Echo Request.</summary>
public sealed record TeredoPingReply
{
    /// <summary>Who was asked.</summary>
    public required IPAddress Address { get; init; }

    /// <summary><see cref="IPStatus.Success"/>, <see cref="IPStatus.TimedOut"/> or <see cref="IPStatus.DestinationHostUnreachable"/>.</summary>
    public required IPStatus Status { get; init; }

    /// <summary>From the request to the reply; with a new peer the exchange of bubbles is in it. Zero without a reply.</summary>
    public TimeSpan RoundTripTime { get; init; }

    /// <summary>Why the peer can't be reached, as far as it shows; null otherwise.</summary>
    public string? Problem { get; init; }
}
