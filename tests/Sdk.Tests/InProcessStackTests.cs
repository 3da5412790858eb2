using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Engine.Stacks.InProcess;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>The ports of the stack inside the process.</summary>
public sealed class InProcessStackTests
{
    const int FirstDynamicPort = 49152, DynamicPorts = 65536 - FirstDynamicPort; // RFC 6335 §6

    static InProcessStack NewStack(EngineClock? clock = null, StackGuard? guard = null) =>
        new(new(clock!, guard!, new(), null!, NullLogger.Instance, new(new MemoryNetwork().Host("203.0.113.10"), SystemRandom.Instance)));

    [Test]
    public void AnyPort_IsAFreeDynamicOne_UntilNoneIsLeft()
    {
        using var stack = NewStack();
        stack.Bind(4242, isUnrestricted: false);
        var endpoints = Enumerable.Range(0, DynamicPorts).Select(_ => stack.Bind(0, isUnrestricted: false)).ToArray();
        Assert.That(endpoints.Select(endpoint => endpoint.LocalEndPoint.Port).Order(), Is.EqualTo(Enumerable.Range(FirstDynamicPort, DynamicPorts)));
        Assert.That(Assert.Throws<TeredoException>(() => stack.Bind(0, isUnrestricted: false))!.Error, Is.EqualTo(TeredoError.PortUnavailable));
        endpoints[7].Dispose();
        using var last = stack.Bind(0, isUnrestricted: false);
        Assert.That(last.LocalEndPoint.Port, Is.EqualTo(endpoints[7].LocalEndPoint.Port));
    }

    [Test]
    public void AnyPort_IsNotTheSameAtEachStart()
    {
        HashSet<int> first = [];
        for (int i = 0; i < 20 && first.Count < 2; i++)
        {
            using var stack = NewStack();
            first.Add(stack.Bind(0, isUnrestricted: false).LocalEndPoint.Port);
        }
        Assert.That(first, Has.Count.EqualTo(2), "RFC 6056: nobody shall guess it");
    }

    [Test]
    public async Task Burst_ReachesWhomEachPacketIsFor_AndWhatIsForNobodyIsCounted()
    {
        IPv6Address self = IPv6Address.Parse("2001:0:c000:201::1"), peer = IPv6Address.Parse("2001:0:c000:201::2"), other = IPv6Address.Parse("2001:0:c000:201::3");
        var clock = new EngineClock(new ManualTime());
        var guard = new StackGuard(clock);
        using var stack = NewStack(clock, guard);
        using var one = stack.Bind(4242, isUnrestricted: true);
        using var two = stack.Bind(4243, isUnrestricted: true);
        using var closed = stack.Bind(4244, isUnrestricted: false);
        byte[] echo = Datagram(peer, 5000, 4242), tcp = Datagram(peer, 5000, 4242), sctp = Datagram(peer, 5000, 4242), malformed = Datagram(peer, 5000, 4242);
        (echo[6], tcp[6], sctp[6]) = (NextHeader.Icmpv6, NextHeader.Tcp, 132);
        malformed[45] = 7; // UDP's length
        byte[][] packets = [Datagram(peer, 5000, 4242), Datagram(peer, 5000, 4243), Datagram(peer, 5001, 4243), Datagram(other, 5001, 4243), Datagram(peer, 5000, 4242),
            Datagram(peer, 5000, 4244), Datagram(peer, 5000, 4245), echo, tcp, sctp, malformed];
        stack.Receive([.. packets.SelectMany(packet => packet)], [.. packets.Select((packet, i) => new PacketRange(i * packet.Length, packet.Length))]);
        foreach (var (endpoint, remotes) in new[] { (one, new[] { (peer, 5000), (peer, 5000) }), (two, [(peer, 5000), (peer, 5001), (other, 5001)]) })
        {
            foreach (var (address, port) in remotes)
                Assert.That((await endpoint.ReceiveAsync(default).AsTask().InTime()).RemoteEndPoint, Is.EqualTo(new System.Net.IPEndPoint(address.ToIPAddress(), port)));
            Assert.That(endpoint.Available, Is.Zero);
        }
        Assert.That((guard[DropReason.Unsolicited], guard[DropReason.UnsupportedProtocol], guard[DropReason.MalformedTransport]), Is.EqualTo((3L, 1L, 2L)));
        Assert.That(guard.StrangerSeen);

        byte[] Datagram(IPv6Address source, ushort sourcePort, ushort port)
        {
            byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + 1];
            UdpDatagram.WritePacket(packet, source, sourcePort, self, port, [1]);
            return packet;
        }
    }

    [Test]
    public void NamedPort_IsGivenOnce_AndFreeAfterItsEnd()
    {
        using var stack = NewStack();
        var one = stack.Bind(4242, isUnrestricted: false);
        Assert.That(Assert.Throws<TeredoException>(() => stack.Bind(4242, isUnrestricted: false))!.Error, Is.EqualTo(TeredoError.PortUnavailable));
        one.Dispose();
        using var next = stack.Bind(4242, isUnrestricted: false);
        one.Dispose(); // once more, which must not free the port of the next one
        Assert.Throws<TeredoException>(() => stack.Bind(4242, isUnrestricted: false));
    }

    [Test]
    public async Task EndOfTheStack_EndsItsWaits_AndGivesNoPort()
    {
        var stack = NewStack();
        var endpoint = stack.Bind(4242, isUnrestricted: true);
        Task[] waiting = [endpoint.ReceiveAsync(default).AsTask(), endpoint.ReceiveFromAsync(new byte[1], default).AsTask()];
        stack.Dispose();
        stack.Dispose();
        foreach (var wait in waiting)
            Assert.ThrowsAsync<ObjectDisposedException>(() => wait.InTime());
        Assert.Throws<ObjectDisposedException>(() => stack.Bind(0, isUnrestricted: false));
        await endpoint.ReceiveAsync(default).AsTask().InTime().ContinueWith(late => Assert.That(late.Exception?.InnerException, Is.TypeOf<ObjectDisposedException>()),
            TaskScheduler.Default);
    }
}
