using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Linux;
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
        string path = Path.Combine(Path.GetTempPath(), $"teredosdk-{Guid.NewGuid():N}");
        using var far = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        using var near = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendBufferSize = 1 }; // the kernel's least: about 4600 octets
        try
        {
            far.Bind(new UnixDomainSocketEndPoint(path));
            near.Connect(new UnixDomainSocketEndPoint(path));
            using var descriptor = new SafeFileHandle(near.Handle, ownsHandle: false);
            var told = new List<string>();
            var writer = new DeviceWriter(descriptor, new(HasHeaders: true, Tcp: true, Udp: true, Problem: null)) { Refused = told.Add };
            var (buffer, ranges) = Train();

            writer.Write(buffer, ranges);
            Assert.That((far.Available, writer.Lost), Is.EqualTo((0, 1L)), "the kernel takes nothing of it");
            Assert.That(told, Is.EqualTo(new[] { writer.Problem }));

            byte[] message = new byte[ushort.MaxValue];
            foreach (var range in ranges) // one by one, because the socket holds few
            {
                writer.Write(buffer, [range, range]);
                for (int i = 0; i < 2; i++)
                    Assert.That(message.AsSpan(HeaderOctets, far.Receive(message) - HeaderOctets).SequenceEqual(range.In(buffer)));
            }
            Assert.That((writer.Lost, told.Count), Is.EqualTo((1L, 1)));
        }
        finally
        {
            File.Delete(path);
        }
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

    static (byte[] Buffer, PacketRange[] Ranges) Train()
    {
        byte[][] packets = [.. Enumerable.Range(0, Packets).Select(i => OffloadPackets.Tcp((uint)(1 + i * PayloadOctets), OffloadPackets.Payload(PayloadOctets)))];
        return ([.. packets.SelectMany(packet => packet)], [.. packets.Select((packet, i) => new PacketRange(i * packet.Length, packet.Length))]);
    }
}
