using TeredoSdk.Engine.Stacks;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>What no stack takes from the tunnel.</summary>
public sealed class HostRulesTests
{
    [TestCase(NextHeader.Udp, 1, 1, 4, null)]
    [TestCase(NextHeader.Tcp, 1, 1, 4, null)]
    [TestCase(NextHeader.Udp, 0, 1, 8, DropReason.PortZero)]
    [TestCase(NextHeader.Udp, 1, 0, 8, DropReason.PortZero)]
    [TestCase(NextHeader.Tcp, 0, 256, 4, DropReason.PortZero)]
    [TestCase(NextHeader.Tcp, 256, 0, 4, DropReason.PortZero)]
    [TestCase(NextHeader.Tcp, 0, 0, 3, null)] // too short for ports: the stack tells what is wrong with it
    [TestCase(NextHeader.Icmpv6, 0, 0, 8, null)]
    public void PortZero_ToWhichNobodyCanAnswer_IsDropped(byte protocol, int from, int to, int octets, DropReason? expected) =>
        Assert.That(Judge(protocol, [(byte)(from >> 8), (byte)from, (byte)(to >> 8), (byte)to, 0, 0, 0, 0], octets), Is.EqualTo(expected));

    [TestCase(1280, null)]
    [TestCase(1281, DropReason.AboveMtu)]
    public void PacketAboveTheMtu_IsDropped(int octets, DropReason? expected) =>
        Assert.That(Judge(NextHeader.Udp, [1, 1, 1, 1], octets - IPv6Packet.HeaderSize), Is.EqualTo(expected));

    static DropReason? Judge(byte protocol, byte[] start, int octets)
    {
        byte[] packet = new byte[IPv6Packet.HeaderSize + octets];
        (packet[0], packet[4], packet[5], packet[6], packet[7]) = (0x60, (byte)(octets >> 8), (byte)octets, protocol, 64);
        (packet[8], packet[24]) = (0x20, 0x20);
        start.AsSpan(0, Math.Min(start.Length, octets)).CopyTo(packet.AsSpan(IPv6Packet.HeaderSize));
        return IPv6Packet.TryParse(packet, out var parsed) ? HostRules.Judge(parsed) : throw new AssertionException("no packet");
    }
}
