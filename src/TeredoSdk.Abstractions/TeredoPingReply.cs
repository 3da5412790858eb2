using System.Net;
using System.Net.NetworkInformation;

namespace TeredoSdk;

/// <summary>What became of an ICMPv6 Echo Request.</summary>
/// <param name="Address">Who was asked.</param>
/// <param name="Status"><see cref="IPStatus.Success"/>, <see cref="IPStatus.TimedOut"/> or <see cref="IPStatus.DestinationHostUnreachable"/>.</param>
/// <param name="RoundTripTime">From the request to the reply; with a new peer the exchange of bubbles is in it. Zero without a reply.</param>
/// <param name="Problem">Why the peer can't be reached, as far as it shows; null otherwise.</param>
public sealed record TeredoPingReply(IPAddress Address, IPStatus Status, TimeSpan RoundTripTime, string? Problem);
