using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Captures;

/// <summary>
/// Puts our core's own IPv6 addresses where a capture has the real implementation's: random address flags differ, and so do
/// the link-local addresses that miredo and relays make up for bubbles and get back in the answers.
/// </summary>
sealed class Readdressing
{
    readonly Dictionary<IPv6Address, IPv6Address> _map = [];

    public void Add(IPv6Address real, IPv6Address ours) => _map[real] = ours;

    public byte[] Apply(byte[] payload)
    {
        byte[] result = [.. payload];
        if (!Encapsulation.TryParse(result, out var datagram, out _))
            return result;
        var (source, destination) = (datagram.Packet.Source, datagram.Packet.Destination);
        var packet = result.AsSpan(datagram.PacketOffset, datagram.Packet.Length);
        bool hadChecksum = Icmpv6Message.TryParse(datagram.Packet, out _);
        _map.GetValueOrDefault(source, source).Write(packet[8..]);
        _map.GetValueOrDefault(destination, destination).Write(packet[24..]);
        if (hadChecksum)
            Icmpv6Message.WriteChecksum(packet);
        return result;
    }

    /// <summary>A datagram in words: where to, which addresses, what. Hop limits and trailers are each implementation's own.</summary>
    public static string Describe(IPv4Endpoint target, byte[] payload)
    {
        if (!Encapsulation.TryParse(payload, out var datagram, out var reason))
            return reason.ToString();
        var packet = datagram.Packet;
        string addresses = $"to {target}, {packet.Source} > {packet.Destination}";
        if (packet.IsBubble)
            return $"bubble {addresses}";
        return IsConnectivityTest(target, packet) ? $"test {addresses}" : $"packet {addresses} {Convert.ToHexStringLower(packet.Payload)}";
    }

    // Its identifier, sequence number and data are the sender's own.
    static bool IsConnectivityTest(IPv4Endpoint target, in IPv6Packet packet) => target.Port == TeredoPorts.Server
        && packet.NextHeader == NextHeader.Icmpv6 && packet.Payload[0] == (byte)Icmpv6Type.EchoRequest;
}
