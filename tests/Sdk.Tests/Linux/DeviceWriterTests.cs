using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Tests.Linux.Offload;

namespace TeredoSdk.Tests.Linux;

/// <summary>A device that took a long packet at its start and refuses one later: as some kernels do for some packets.</summary>
/// <remarks>In place of the device there is a socket that takes no message beyond a size (EMSGSIZE); the kernel refuses for real.</remarks>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class DeviceWriterTests
{
    const int Packets = 10, PayloadOctets = 1000, HeaderOctets = 10;

    [Test]
    public void RefusedLongPacket_EndsJoining_AndIsToldOnce()
    {
        using var device = new SocketDevice();
        var told = new List<string>();
        var writer = new DeviceWriter(device.Descriptor, new(HasHeaders: true, Tcp: true, Udp: true, Problem: null)) { Refused = told.Add };
        var (buffer, ranges) = Train();

        writer.Write(buffer, ranges);
        Assert.That((device.IsEmpty, writer.Lost), Is.EqualTo((true, 1L)), "the kernel takes nothing of it");
        Assert.That(told, Is.EqualTo(new[] { writer.Problem }));

        foreach (var range in ranges) // one by one, because the socket holds few
        {
            writer.Write(buffer, [range, range]);
            for (int i = 0; i < 2; i++)
                Assert.That(device.Receive().AsSpan(HeaderOctets).SequenceEqual(range.In(buffer)));
        }
        Assert.That((writer.Lost, told.Count), Is.EqualTo((1L, 1)));
    }

    [Test]
    public void RefusalOfTheDevice_IsALostPacket_AndJoiningGoesOn()
    {
        using var descriptor = new SafeFileHandle(-1, ownsHandle: false); // EBADF, as after the device's end
        var writer = new DeviceWriter(descriptor, new(HasHeaders: true, Tcp: true, Udp: true, Problem: null));
        var (buffer, ranges) = Train();
        writer.Write(buffer, ranges);
        Assert.That((writer.Lost, writer.Problem), Is.EqualTo((1L, null as string)));
    }

    [Test]
    public void Probe_WritesOneLongPacket_ToTheLoopbackAddress([Values] bool isTcp)
    {
        using var device = new SocketDevice();
        Assert.That(LongPacketProbe.IsTaken(device.Descriptor, isTcp));
        byte[] message = device.Receive(), packet = message[HeaderOctets..], payload = new byte[2 * 64];
        var loopback = IPv6Address.FromIPAddress(IPAddress.IPv6Loopback);
        byte[] expected = isTcp ? OffloadPackets.Tcp(0, payload, port: 9, window: 0, acknowledgment: 0) : OffloadPackets.Udp(payload, port: 9);
        IPv6Packet.WriteHeader(expected, expected.Length - IPv6Packet.HeaderSize, isTcp ? NextHeader.Tcp : NextHeader.Udp, 1, loopback, loopback);
        (expected[42], expected[43]) = (0, 9);
        Assert.That(packet, Is.EqualTo(OffloadPackets.SetPseudoHeaderSum(expected)));
        Assert.That(MemoryMarshal.Read<VirtioHeader>(message),
            Is.EqualTo(OffloadPackets.Header(expected, 64) with { HeaderLength = (ushort)(expected.Length - payload.Length) }));
        Assert.That(device.IsEmpty);
    }

    [Test]
    public void Probe_ThatTheKernelRefuses_IsNotTaken([Values] bool isTcp)
    {
        using var descriptor = new SafeFileHandle(-1, ownsHandle: false);
        Assert.That(LongPacketProbe.IsTaken(descriptor, isTcp), Is.False);
    }

    [Test]
    public void Device_ThatRefusesLongPackets_IsWrittenWithoutThem()
    {
        using var refusing = new SafeFileHandle(-1, ownsHandle: false);
        TunOffload all = new(true, true, true, null), noUdp = all with { Udp = false }, noTcp = all with { Tcp = false }, none = new(false, false, false, "none");
        var verified = all.Verify(refusing);
        Assert.That(verified, Is.EqualTo(new TunOffload(true, false, false, verified.Problem)));
        Assert.That(verified.Problem, Does.Contain("TUN_F_TSO6"));
        Assert.That(noUdp.Verify(refusing).Problem, Is.EqualTo(verified.Problem));
        verified = noTcp.Verify(refusing);
        Assert.That(verified, Is.EqualTo(new TunOffload(true, false, false, verified.Problem)));
        Assert.That(verified.Problem, Does.Contain("TUN_F_USO6"));
        Assert.That(none.Verify(refusing), Is.EqualTo(none));
    }

    [Test]
    public void Device_ThatTakesLongPackets_StaysAsItIs_AndIsAskedForThoseItMayTake([Values] bool tcp, [Values] bool udp)
    {
        using var device = new SocketDevice();
        var offload = new TunOffload(true, tcp, udp, null);
        Assert.That(offload.Verify(device.Descriptor), Is.EqualTo(offload));
        List<byte> kinds = [];
        while (!device.IsEmpty)
            kinds.Add(MemoryMarshal.Read<VirtioHeader>(device.Receive()).GsoType);
        Assert.That(kinds, Is.EqualTo((byte[])[.. tcp ? [VirtioHeader.GsoTcpV6] : (byte[])[], .. udp ? [VirtioHeader.GsoUdpL4] : (byte[])[]]));
    }

    [Test]
    public void Kernel_WithoutTheSwitch_HandsOverNoLongPackets()
    {
        using var device = new SocketDevice(); // which has no such switch
        var offload = TunOffload.Enable(device.Descriptor);
        Assert.That(offload, Is.EqualTo(new TunOffload(true, false, false, offload.Problem)));
        Assert.That(offload.Problem, Does.Contain("no long packets (TUN_F_TSO6)"));
    }

    static (byte[] Buffer, PacketRange[] Ranges) Train()
    {
        byte[][] packets = [.. Enumerable.Range(0, Packets).Select(i => OffloadPackets.Tcp((uint)(1 + i * PayloadOctets), OffloadPackets.Payload(PayloadOctets)))];
        return ([.. packets.SelectMany(packet => packet)], [.. packets.Select((packet, i) => new PacketRange(i * packet.Length, packet.Length))]);
    }

    sealed class SocketDevice : IDisposable
    {
        readonly string _path = Path.Combine(Path.GetTempPath(), $"teredosdk-{Guid.NewGuid():N}");
        readonly Socket _far = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        readonly Socket _near = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendBufferSize = 1 }; // the kernel's least: about 4600 octets

        public SocketDevice()
        {
            _far.Bind(new UnixDomainSocketEndPoint(_path));
            _near.Connect(new UnixDomainSocketEndPoint(_path));
            Descriptor = new(_near.Handle, ownsHandle: false);
        }

        public SafeFileHandle Descriptor { get; }

        public bool IsEmpty => _far.Available == 0;

        public byte[] Receive()
        {
            Assert.That(IsEmpty, Is.False);
            byte[] message = new byte[ushort.MaxValue];
            return message[.._far.Receive(message)];
        }

        public void Dispose()
        {
            _near.Dispose();
            _far.Dispose();
            File.Delete(_path);
        }
    }
}
