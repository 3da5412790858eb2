using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests.Linux;

/// <summary>The stack of kernel sockets by itself, over a driver that has no address.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class KernelStackTests
{
    static readonly IPv6Address Old = IPv6Address.FromIPAddress(PrivateNetworks.Address), Peer = IPv6Address.FromIPAddress(PrivateNetworks.Stranger),
        Now = new(Old.High, Old.Low ^ 0xFF);

    [Test]
    public async Task PacketOfAStaleSocket_EndsAttemptsFromItsAddressOnly()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        var time = new ManualTime();
        var clock = new EngineClock(time);
        var watch = new PeerWatch();
        var options = new TeredoClientOptions { Servers = [new(IPv4Address.Parse(Lab.ServerAddress))], AllowPrivateAddresses = true };
        await using var driver = new TeredoDriver(options, Parts, time, new Nobody(), NullLogger.Instance);
        using var stack = KernelStack.Open(new(clock, new(clock), watch, driver, NullLogger.Instance, Parts));
        Assert.That(TeredoAddress.TryCreate(Old, out var address));
        stack.SetAddress(address);
        using CancellationTokenSource fresh = new(), stale = new();
        using var freshEntry = watch.Add(Peer, Now, fresh); // before the other one, so that it would have been told first
        using var staleEntry = watch.Add(Peer, Old, stale);
        var connecting = stack.ConnectAsync(new(Peer.ToIPAddress(), 80), stale.Token);
        Assert.That(async () => await connecting.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(staleEntry.Problem?.Error, Is.EqualTo(TeredoError.NoAddress));
        Assert.That(freshEntry.Problem, Is.Null);
    }

    [Test]
    public async Task Address_IsTheOnlyOne_UntilTheNext_AndNoneIsTakenAfterTheEnd()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var driver = NewDriver();
        var stack = NewStack(driver, out _);
        Assert.That(TeredoAddress.TryCreate(Old, out var old) & TeredoAddress.TryCreate(Now, out var now));
        stack.SetAddress(old);
        stack.SetAddress(old);
        Assert.That(SourceTowards(Peer), Is.EqualTo(Old.ToIPAddress()));
        stack.SetAddress(now);
        Assert.That(SourceTowards(Peer), Is.EqualTo(Now.ToIPAddress()));
        Assert.That(SourceTowards(Old), Is.EqualTo(Now.ToIPAddress()), "the former address is another machine's now");
        stack.Dispose();
        stack.SetAddress(old); // an event that comes late
        Assert.Throws<ObjectDisposedException>(() => stack.Bind(0, isUnrestricted: false));

        IPAddress SourceTowards(IPv6Address target)
        {
            using var endpoint = stack.Bind(0, isUnrestricted: false);
            endpoint.Socket!.Connect(target.ToIPAddress(), 7); // sends nothing
            return ((IPEndPoint)endpoint.Socket.LocalEndPoint!).Address;
        }
    }

    [Test]
    public async Task Packet_OfAStranger_GetsInAtAnOpenPortOnly_AndTheNextSocketThereIsClosed()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var driver = NewDriver();
        using var stack = NewStack(driver, out var guard);
        Assert.That(TeredoAddress.TryCreate(Old, out var address));
        stack.SetAddress(address);
        var open = stack.Bind(4242, isUnrestricted: true);
        Receive(Datagram(4242));
        Assert.That((await open.ReceiveAsync(default).AsTask().InTime()).Buffer, Is.EqualTo("hello"u8.ToArray()));
        Assert.That((guard[DropReason.Unsolicited], guard.StrangerSeen), Is.EqualTo((0L, true)));
        Receive(Datagram(4243));
        open.Dispose();
        Receive(Datagram(4242));
        using var closed = stack.Bind(4242, isUnrestricted: false);
        Receive(Datagram(4242));
        Assert.That(guard[DropReason.Unsolicited], Is.EqualTo(3));
        Assert.That(closed.Socket!.Available, Is.Zero);

        void Receive(byte[] octets)
        {
            var whole = new PacketRange(0, octets.Length);
            stack.Receive(octets, new(in whole));
        }
    }

    [Test, NonParallelizable]
    public async Task TooFewDescriptors_AreCalledSo_AndTheStackKeepsNone()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var driver = NewDriver();
        DescriptorShortageTests.Check<TeredoException>(least: 5, () => NewStack(driver, out _), "open files");
    }

    [Test]
    public async Task PortThatIsTaken_CostsNoSocket()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        const int attempts = 200;
        await using var driver = NewDriver();
        using var stack = NewStack(driver, out _);
        using var first = stack.Bind(4242, isUnrestricted: false);
        int before = PrivateNetworks.OpenDescriptors();
        for (int i = 0; i < attempts; i++)
            Assert.Throws<TeredoException>(() => stack.Bind(4242, isUnrestricted: false));
        Assert.That(PrivateNetworks.OpenDescriptors(), Is.LessThan(before + attempts / 2));
    }

    [Test]
    public async Task Packet_OfTheKernel_ThatMakesNoSense_IsCounted()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var driver = NewDriver();
        using var stack = NewStack(driver, out var guard);
        byte[] noPacket = new byte[IPv6Packet.HeaderSize];
        Send(stack, noPacket);
        Assert.That(guard[DropReason.MalformedTransport], Is.EqualTo(1));
        Send(stack, Datagram(4242), new() { GsoType = 99 }); // cannot be cut
        Assert.That(guard[DropReason.MalformedTransport], Is.EqualTo(2));
        byte[] icmp = Datagram(4242);
        icmp[6] = NextHeader.Icmpv6;
        Send(stack, icmp);
        Assert.That(guard[DropReason.MalformedTransport], Is.EqualTo(2));
        Assert.That(guard[DropReason.AnswerToStranger], Is.GreaterThanOrEqualTo(1), "the kernel sends some of its own");
    }

    [Test]
    public async Task Peer_ThatWasSentTo_IsNoStranger_AndTheNextPeerOfABurstNeither()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var driver = NewDriver();
        using var stack = NewStack(driver, out var guard);
        Send(stack, [.. Datagram(1, Old), .. Datagram(1, Old), .. Datagram(1, Now)], default, packets: 3);
        guard.NoteUnsolicited(Old);
        guard.NoteUnsolicited(Now);
        Assert.That(guard.StrangerSeen, Is.False);
        guard.NoteUnsolicited(Peer);
        Assert.That(guard.StrangerSeen);
    }

    static unsafe void Send(KernelStack stack, byte[] octets, VirtioHeader header = default, int packets = 1)
    {
        int length = octets.Length / packets;
        fixed (byte* memory = octets)
            stack.Send(new(memory, [.. Enumerable.Range(0, packets).Select(i => new DevicePacket(i * length, length, header))]));
    }

    static byte[] Datagram(ushort port, IPv6Address? target = null)
    {
        byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + 5];
        UdpDatagram.WritePacket(packet, Peer, 5000, target ?? Old, port, "hello"u8);
        return packet;
    }

    static EngineParts Parts => new(new MemoryNetwork().Host("203.0.113.10"), CryptographicRandom.Instance);

    static TeredoDriver NewDriver() => new(new() { Servers = [new(IPv4Address.Parse(Lab.ServerAddress))], AllowPrivateAddresses = true },
        Parts, new ManualTime(), new Nobody(), NullLogger.Instance);

    static KernelStack NewStack(TeredoDriver driver, out StackGuard guard)
    {
        var clock = new EngineClock(new ManualTime());
        guard = new(clock);
        return KernelStack.Open(new(clock, guard, new(), driver, NullLogger.Instance, Parts));
    }

    sealed class Nobody : IDriverClient
    {
        public void Receive(ReadOnlySpan<byte> buffer, Span<PacketRange> packets) => throw new NotSupportedException();

        public void Handle(ClientEvent clientEvent)
        {
            // Of no concern.
        }
    }
}
