using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>Hands octets to every parser of the library and reads everything that a parsed view offers.</summary>
public static class EveryParser
{
    /// <returns>A number that depends on what was read, so that no read is without use.</returns>
    public static int Run(ReadOnlySpan<byte> octets)
    {
        int read = 0;
        if (Encapsulation.TryParse(octets, out var datagram, out _))
        {
            read += datagram.HasAuthentication ? Read(datagram.Authentication, datagram.Packet.Octets) : 0;
            read += datagram.HasOrigin ? datagram.Origin.MappedEndpoint.Port + datagram.Origin.Octets.Length : 0;
            read += Read(datagram.Packet) + ReadTrailers(datagram.TrailerOctets) + datagram.PacketAndTrailers.Length;
        }
        if (Authentication.TryParse(octets, out var authentication))
            read += Read(authentication, octets);
        if (OriginIndication.TryParse(octets, out var origin))
            read += origin.MappedEndpoint.Port;
        if (IPv6Packet.TryParse(octets, out var packet))
            read += Read(packet);
        return read + ReadTrailers(octets);
    }

    static int Read(in Authentication authentication, ReadOnlySpan<byte> packet) =>
        authentication.ClientIdentifier.Length + authentication.Value.Length + (int)authentication.Nonce + authentication.Confirmation
        + (authentication.Verify(AuthenticationAlgorithm.HmacSha256, [1], [], packet) ? 1 : 0);

    static int Read(in IPv6Packet packet)
    {
        int read = packet.NextHeader + packet.HopLimit + packet.Payload.Length + (packet.HasSourceRoute ? 1 : 0) + (packet.IsBubble ? 1 : 0)
            + (RouterSolicitation.Matches(packet) ? 1 : 0) + (Icmpv6Error.MayAnswer(packet) ? 1 : 0);
        if (Icmpv6Message.TryParse(packet, out var message))
            read += message.Code + (message.IsError ? 1 : 0) + (EchoMessage.TryParse(message, out var echo) ? echo.Identifier + echo.Data.Length : 0);
        if (RouterAdvertisement.TryParse(packet, out var advertisement))
            read += advertisement.MtuOctets ?? 0;
        if (ReflectionMessage.TryParse(packet, out var reflection))
            read += (int)reflection.Token + (int)reflection.Cookie + reflection.Stranger.Port;
        if (UdpDatagram.TryParse(packet, out var udp))
            read += udp.SourcePort + udp.DestinationPort + udp.Payload.Length;
        return read;
    }

    static int ReadTrailers(ReadOnlySpan<byte> octets)
    {
        bool kept = TrailerSet.TryParse(octets, out var trailers);
        return (kept ? 1 : 0) + trailers.AlternateAddresses.Length + (trailers.RandomPort ?? 0);
    }
}
