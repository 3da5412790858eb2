using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Linux;

[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class TunDeviceTests
{
    const byte Udp = 17;

    [Test]
    public async Task Start_SocketSends_HandlerSeesTheWholePacket()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress();
        var packets = ReadUdp(device);
        using var socket = Bind(network);
        await socket.SendToAsync(new byte[100], new IPEndPoint(PrivateNetworks.Stranger, 7)).InTime();
        byte[] packet = await packets.ReadAsync().InTime();
        Assert.Multiple(() =>
        {
            Assert.That(packet, Has.Length.EqualTo(40 + 8 + 100));
            Assert.That(new IPAddress(packet.AsSpan(8, 16)), Is.EqualTo(PrivateNetworks.Address));
            Assert.That(new IPAddress(packet.AsSpan(24, 16)), Is.EqualTo(PrivateNetworks.Stranger));
        });
    }

    [Test]
    public async Task Write_PacketToASocket_IsReceived()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress(offload: false); // with it the kernel leaves the checksum to us
        var packets = ReadUdp(device);
        using var socket = Bind(network);
        await socket.SendToAsync("question"u8.ToArray(), new IPEndPoint(PrivateNetworks.Stranger, 7)).InTime();
        device.Write(Reflect(await packets.ReadAsync().InTime()));
        var buffer = new byte[100];
        var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.IPv6Any, 0)).InTime();
        Assert.Multiple(() =>
        {
            Assert.That(buffer.AsSpan(0, received.ReceivedBytes).ToArray(), Is.EqualTo("question"u8.ToArray()));
            Assert.That(received.RemoteEndPoint, Is.EqualTo(new IPEndPoint(PrivateNetworks.Stranger, 7)));
            Assert.That(device.LostWrites, Is.Zero);
        });
    }

    [Test]
    public async Task SinglePackets_WaitForAReaderThatIsLate()
    {
        const int burst = 1500; // three times as many as the kernel's own queue holds
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress(offload: false);
        using var socket = Bind(network);
        for (int i = 0; i < burst; i++)
            await socket.SendToAsync(BitConverter.GetBytes(i), new IPEndPoint(PrivateNetworks.Stranger, 7)).InTime();
        var packets = ReadUdp(device);
        for (int i = 0; i < burst; i++)
            Assert.That(BitConverter.ToInt32(await packets.ReadAsync().InTime(), 48), Is.EqualTo(i));
    }

    // Each burst that is handed on brings more than it took. Who sends little loses nothing, although the device holds less than what comes.
    [Test]
    public async Task MoreThanCanBeSent_TheBusiestPeerLoses_AndTheOthersLoseNothing()
    {
        const int rounds = 100, many = 100, few = 3;
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress(offload: false);
        using var socket = Bind(network);
        var (busy, calm) = (new IPEndPoint(PrivateNetworks.Stranger, 7), new IPEndPoint(IPAddress.Parse("2a00::1"), 7));
        List<int> toBusy = [], toCalm = [];
        var isDone = new TaskCompletionSource();
        int bursts = 0;
        device.Start((in burst) =>
        {
            foreach (var packet in burst.Packets)
            {
                var octets = burst[packet];
                if (octets[6] == Udp)
                    (octets[24] == 0x2A ? toCalm : toBusy).Add(BitConverter.ToInt32(octets[48..]));
            }
            if (toCalm.Count == rounds * few)
                isDone.TrySetResult();
            if (bursts++ < rounds)
                Send(bursts);
        }, NullLogger.Instance);
        Send(0);
        await isDone.Task.InTime();
        Assert.Multiple(() =>
        {
            Assert.That(toCalm, Is.Ordered.And.Count.EqualTo(rounds * few));
            Assert.That(toBusy, Is.Ordered);
            Assert.That(device.Facts.Lost, Is.Positive);
        });

        // The first round leaves here, and its first packet may bring the second one about meanwhile.
        void Send(int round)
        {
            lock (socket)
                for (int i = 0; i < many + few && round < rounds; i++)
                    socket.SendTo(BitConverter.GetBytes(round * (many + few) + i), i % 33 == 0 && i < 33 * few ? calm : busy);
        }
    }

    [Test]
    public void Write_NoPacketOrClosedDevice_IsCounted()
    {
        using var network = PrivateNetworks.Create();
        var device = network.OpenTunWithAddress();
        device.Write([0x00, 1, 2, 3]); // of no IP version
        device.Dispose();
        device.Write(new byte[40]);
        Assert.That(device.LostWrites, Is.EqualTo(2));
    }

    [Test]
    public async Task Start_HandlerThrows_TheNextPacketStillComes()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress();
        using var log = new Recorder();
        var handed = Channel.CreateUnbounded<bool>();
        device.StartReading(_ =>
        {
            handed.Writer.TryWrite(true);
            throw new FormatException("test");
        }, log);
        using var socket = Bind(network);
        for (int i = 0; i < 2; i++)
        {
            await socket.SendToAsync(new byte[1], new IPEndPoint(PrivateNetworks.Stranger, 7)).InTime();
            await handed.Reader.ReadAsync().InTime();
        }
        Assert.That(log.Of(EventIds.EngineFault), Is.Not.Empty);
    }

    [Test]
    public void Reader_OfADeviceThatWasClosedBefore_Ends()
    {
        var closed = Libc.Open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC);
        closed.Dispose();
        int threads = ReadLoop.ThreadCount;
        using var reader = new DeviceReader(closed, "teredo", hasHeaders: false, 1280);
        Assert.Throws<ObjectDisposedException>(() => reader.Start((in _) => throw new AssertionException("There is nothing to read."), null));
        Assert.That(reader.Completion.IsCompleted, "its number may be another file's by now");
        Assert.That(() => ReadLoop.ThreadCount, Is.LessThanOrEqualTo(threads).After((int)Patience.Limit.TotalMilliseconds, 1));
    }

    [Test]
    public async Task Dispose_WhileReading_EndsTheThread()
    {
        using var network = PrivateNetworks.Create();
        var device = network.OpenTunWithAddress();
        device.StartReading(_ => { });
        device.Dispose();
        Assert.That(device.Completion.IsCompletedSuccessfully, Is.True);
        await device.Completion;
    }

    [Test]
    public async Task Dispose_InTheHandlerOfALonePacket_IsTheLastCall_AlthoughAnotherPacketWaits()
    {
        using var network = PrivateNetworks.Create();
        var device = network.OpenTunWithAddress();
        using var socket = Bind(network);
        var came = Channel.CreateUnbounded<bool>();
        int calls = 0;
        device.StartReading(packet =>
        {
            if (packet[6] != Udp)
                return;
            calls++;
            came.Writer.TryWrite(true);
            if (calls < 3)
                return;
            socket.SendTo(new byte[1], new IPEndPoint(PrivateNetworks.Stranger, 7));
            device.Dispose();
        });
        for (int i = 0; i < 3; i++)
        {
            await socket.SendToAsync(new byte[1], new IPEndPoint(PrivateNetworks.Stranger, 7)).InTime();
            await came.Reader.ReadAsync().InTime();
        }
        await device.Completion.InTime();
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public async Task Dispose_InTheHandler_EndsTheReading()
    {
        using var network = PrivateNetworks.Create();
        var device = network.OpenTunWithAddress();
        using var socket = Bind(network);
        device.StartReading(_ => device.Dispose());
        try
        {
            await socket.SendToAsync(new byte[1], new IPEndPoint(PrivateNetworks.Stranger, 7)).InTime();
        }
        catch (SocketException)
        {
            // A packet of the kernel's own was first: the device is gone already.
        }
        await device.Completion.InTime();
        Assert.That(() => device.StartReading(_ => { }), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Dispose_Device_ItsNameIsFreeAgain()
    {
        using var network = PrivateNetworks.Create();
        network.OpenTunOrSkip("same").Dispose();
        using var again = network.OpenTun("same", 1400, true);
        Assert.That((again.Name, again.Mtu), Is.EqualTo(("same", 1400)));
    }

    [Test]
    public void OpenTun_NameInUse_SaysSo()
    {
        using var network = PrivateNetworks.Create();
        using var first = network.OpenTunOrSkip("same");
        var e = Assert.Throws<TeredoException>(() => network.OpenTun("same", 1280, true));
        Assert.That(e.Message, Does.Contain("same is in use"));
    }

    [Test]
    public void OpenTun_NameWithPattern_GetsANumber()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunOrSkip("teredo%d");
        Assert.That(device.Name, Is.EqualTo("teredo0"));
    }

    [Test]
    public void OpenTun_LongestNameAndLargestMtu_AreTaken()
    {
        using var network = PrivateNetworks.Create();
        using var longest = network.OpenTunOrSkip("fifteen-octets-");
        using var largest = network.OpenTun("largest", 65535, true);
        Assert.That((longest.Name, longest.Mtu, largest.Mtu), Is.EqualTo(("fifteen-octets-", 1280, 65535)));
        Assert.That(new[] { longest.Index, largest.Index }, Is.Unique.And.All.Positive);
    }

    [Test]
    public void WhatExists_IsToldApartFromWhatIsMade()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunOrSkip();
        IPAddress prefix = IPAddress.Parse("2a00::");
        foreach (bool isNew in new[] { true, false })
        {
            Assert.That(device.SetAddress(PrivateNetworks.Address, 32), Is.EqualTo(isNew));
            Assert.That(device.EnsureRoute(prefix, 16, 4096), Is.EqualTo(isNew));
            device.BringUp(); // it is up
        }
        device.RemoveRoute(prefix, 16, 4096);
        Assert.That(device.EnsureRoute(prefix, 16, 4096), Is.True);
        device.Dispose();
        Assert.That(() => device.StartReading(_ => { }), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(device.Completion.IsCompletedSuccessfully);
    }

    [TestCase("ßßßßßßßß", 1280), TestCase("", 1280), TestCase("sixteen-octets--", 1280), TestCase("teredo", 1279), TestCase("teredo", 65536)]
    public void OpenTun_ArgumentOutOfRange_IsRefused(string name, int mtu)
    {
        using var network = PrivateNetworks.Create();
        Assert.That(() => network.OpenTun(name, mtu, true), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void RemoveAddress_ItsSockets_CanNotBindAnyMore()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress();
        Bind(network).Dispose();
        device.SetAddress(PrivateNetworks.Address, 32); // once more is no error
        device.RemoveAddress(PrivateNetworks.Address, 32);
        device.RemoveAddress(PrivateNetworks.Address, 32);
        var e = Assert.Throws<SocketException>(() => Bind(network));
        Assert.That(e.SocketErrorCode, Is.EqualTo(SocketError.AddressNotAvailable));
    }

    [Test]
    public void RemoveRoute_OtherwiseUnreachable_SendingFails()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress();
        var native = new IPEndPoint(IPAddress.Parse("2a00::1"), 7);
        using var socket = Bind(network);
        socket.SendTo(new byte[1], native);
        device.AddRoute(IPAddress.Parse("2a00::"), 16, 4096);
        Assert.Throws<TeredoException>(() => device.AddRoute(IPAddress.IPv6Any, 0));
        device.RemoveRoute(IPAddress.IPv6Any, 0);
        socket.SendTo(new byte[1], native); // by the other one
        device.RemoveRoute(IPAddress.Parse("2a00::"), 16, 4096);
        device.RemoveRoute(IPAddress.Parse("2a00::"), 16, 4096);
        var e = Assert.Throws<SocketException>(() => socket.SendTo(new byte[1], native));
        Assert.That(e.SocketErrorCode, Is.EqualTo(SocketError.NetworkUnreachable));
    }

    [Test]
    public void OpenInHost_NoDeviceNode_SaysHowToGetOne()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, "no-such-tun");
        var e = Assert.Throws<TeredoException>(() => TunDevice.OpenInHost("teredo", 1280, true, path));
        Assert.Multiple(() =>
        {
            Assert.That(e.Error, Is.EqualTo(TeredoError.NetworkDeviceUnavailable));
            Assert.That(e.Message, Does.Contain("modprobe tun"));
        });
    }

    static ChannelReader<byte[]> ReadUdp(TunDevice device)
    {
        var packets = Channel.CreateUnbounded<byte[]>();
        device.StartReading(packet =>
        {
            if (packet[6] == Udp) // the kernel's own router solicitations and reports are ICMPv6
                packets.Writer.TryWrite(packet.ToArray());
        });
        return packets.Reader;
    }

    static Socket Bind(PrivateNetwork network)
    {
        var socket = network.CreateSocket(SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(PrivateNetworks.Address, 0));
        return socket;
    }

    // Source and destination change places, which leaves the checksum right.
    static byte[] Reflect(byte[] packet) =>
        [.. packet[..8], .. packet[24..40], .. packet[8..24], .. packet[42..44], .. packet[40..42], .. packet[44..]];
}
