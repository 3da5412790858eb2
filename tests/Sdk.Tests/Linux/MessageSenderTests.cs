using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Linux;

/// <summary>A kernel that does not cut messages for a socket, and says so with EIO: what Linux before 6.11 says of a device that computes no checksums.</summary>
/// <remarks>Any kernel says it of a socket of UDP-Lite, whose checksums no device computes; its datagrams arrive all the same.</remarks>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class MessageSenderTests
{
    const int Inet = 2, Datagram = 2, UdpLite = 136; // bits/socket.h, RFC 3828

    [Test]
    public unsafe void RefusalToCut_SendsThatMessagePlain_AndNoFurtherOneIsCut()
    {
        using var receiver = Open();
        using var socket = Open();
        var log = new Recorder();
        using var sender = new MessageSender(socket.SafeHandle, hasSegments: true, log);
        var target = IPv4Endpoint.FromIPEndPoint((IPEndPoint)receiver.LocalEndPoint!);
        byte[] payload = GC.AllocateUninitializedArray<byte>(10 * 100, pinned: true);
        Random.Shared.NextBytes(payload);
        for (int round = 1; round <= 2; round++)
        {
            var batch = new DatagramBatch();
            batch.Begin(100, default);
            for (int i = 0; i < 10; i++)
            {
                byte* header = batch.Add(40, (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(payload, 100 * i + 40), 60);
                payload.AsSpan(100 * i, 40).CopyTo(new(header, 40));
            }
            batch.Groups[0].Target = target;
            sender.Send(batch, 0, 1);
            byte[] received = new byte[200];
            for (int i = 0; i < 10; i++)
            {
                Assert.That(receiver.Receive(received), Is.EqualTo(100), $"round {round}, datagram {i}");
                Assert.That(received.AsSpan(0, 100).SequenceEqual(payload.AsSpan(100 * i, 100)));
            }
            Assert.That((sender.HasSegments, sender.Problem), Is.EqualTo((false, sender.Problem)));
            Assert.That(sender.Problem, Does.Contain("EIO"));
            Assert.That(log.Of(EventIds.DatapathRung), Has.Count.EqualTo(1).And.All.Contains("checksums"), "it is logged once");
        }
    }

    static Socket Open()
    {
        int descriptor = CreateSocket(Inet, Datagram, UdpLite); // .NET's own constructor refuses the protocol
        if (descriptor < 0)
            Assert.Ignore("This kernel has no UDP-Lite, so nothing here makes it say EIO.");
        var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) { ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    [DllImport("libc", EntryPoint = "socket")]
    static extern int CreateSocket(int family, int type, int protocol);
}
