using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Relay;

/// <summary>Sends ICMPv6 errors to the IPv6 side for packets whose client does not answer, at most ten per second (RFC 4443 §2.4 f).</summary>
sealed class UnreachableErrors(PacketQueue deliveries)
{
    RateGate _rate = new(ratePerSecond: 5, burst: 5); // 10 in any second; RFC 4443 §2.4 f demands a limit, but names no value

    /// <summary>Answers a packet with Destination Unreachable (address unreachable), if an error is allowed.</summary>
    /// <remarks>
    /// The source of the error is the address that can't be reached. So the relay needs no IPv6 address of its own. For the sender's stack, which
    /// looks at the quoted packet, this looks like an on-link neighbor that does not exist. RFC 4443 §2.2 would demand the relay's own address.
    /// </remarks>
    public void Answer(Instant now, ReadOnlySpan<byte> octets)
    {
        if (!IPv6Packet.TryParse(octets, out var packet) || !Icmpv6Error.MayAnswer(packet) || !_rate.TryTake(now))
            return;
        Span<byte> error = stackalloc byte[Icmpv6Error.MaximumPacketSize];
        int length = Icmpv6Error.WritePacket(error, Icmpv6Type.DestinationUnreachable, Icmpv6Error.AddressUnreachable, 0,
            packet.Destination, packet.Source, packet.Octets);
        deliveries.Add(error[..length], default, default);
    }
}
