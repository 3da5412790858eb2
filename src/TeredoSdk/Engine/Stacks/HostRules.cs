using System.Buffers.Binary;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks;

/// <summary>What no host may take from the tunnel, whatever its stack: packets to which an application could not answer in kind.</summary>
/// <remarks>So an application that sends everything back to where it came from is never refused a port or a size that a stranger chose.</remarks>
static class HostRules
{
    const int PortOctets = 4;

    /// <summary>Decides about a packet that the core accepted.</summary>
    /// <returns>Why the packet is dropped, or null.</returns>
    public static DropReason? Judge(in IPv6Packet packet)
    {
        if (packet.Length > RouterAdvertisement.DefaultMtuOctets) // RFC 4380 §5.1.2
            return DropReason.AboveMtu;
        var payload = packet.Payload;
        bool hasPorts = packet.NextHeader is NextHeader.Udp or NextHeader.Tcp && payload.Length >= PortOctets;
        return hasPorts && (BinaryPrimitives.ReadUInt16BigEndian(payload) == 0 || BinaryPrimitives.ReadUInt16BigEndian(payload[2..]) == 0)
            ? DropReason.PortZero : null;
    }
}
