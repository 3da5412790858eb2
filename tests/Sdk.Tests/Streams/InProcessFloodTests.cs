using System.Buffers.Binary;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests.Streams;

/// <summary>Strangers that call a node with TCP inside the process, whose application accepts whoever comes.</summary>
public sealed class InProcessFloodTests
{
    const ushort Port = 4242, PeerPort = 5000;
    const int Strangers = 400; // more than a listener remembers half-open connections

    [Test]
    public async Task Flood_LeavesAFriendsConnectionPossible_AndGetsNothingFromOtherPorts()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var (bob, alice) = (await lab.StartAsync("203.0.113.20"), await lab.StartAsync("203.0.113.10"));
        await using var listener = await bob.ListenAsync(Port).InTime();
        int accepted = 0;
        var echoing = Task.Run(async () =>
        {
            await foreach (var connection in listener.AcceptAllAsync())
            {
                accepted++;
                await connection.GetStream().CopyToAsync(connection.GetStream());
                await connection.DisposeAsync();
            }
        });
        int toStrangers = 0;
        var node = IPv4Endpoint.FromIPEndPoint(bob.Report.LocalEndPoint!);
        var friend = IPv4Endpoint.FromIPEndPoint(alice.Report.LocalEndPoint!);
        lab.Network.Passes = (from, to, payload) =>
        {
            if (from == node && to != friend && Encapsulation.TryParse(payload, out var encapsulation, out _) && encapsulation.Packet.NextHeader == NextHeader.Tcp)
                Interlocked.Increment(ref toStrangers);
            return true;
        };
        Call(Port);
        Assert.That(toStrangers, Is.GreaterThan(256), "beyond what is remembered, cookies answer");

        await using var caller = await InVirtualTime(alice.ConnectAsync(listener.TeredoEndPoint!));
        await caller.GetStream().WriteAsync(new byte[] { 1, 2, 3 }).InTime();
        byte[] back = new byte[3];
        await InVirtualTime(Task.Run(async () => { await caller.GetStream().ReadExactlyAsync(back); return 0; }));
        Assert.That((back, accepted), Is.EqualTo((new byte[] { 1, 2, 3 }, 1)));

        toStrangers = 0;
        Call(Port + 1);
        Assert.That(toStrangers, Is.Zero);
        Assert.That(bob.Report.Drops[DropReason.Unsolicited], Is.GreaterThanOrEqualTo(Strangers));
        caller.CompleteWriting();
        Assert.That(await InVirtualTime(caller.GetStream().ReadAsync(back).AsTask()), Is.Zero);
        await listener.DisposeAsync();
        await echoing.InTime();

        void Call(ushort port)
        {
            for (int i = 0; i < Strangers; i++)
            {
                var endpoint = IPv4Endpoint.Parse($"198.51.{101 + i / 200}.{1 + i % 200}:40000");
                var source = new TeredoAddress(IPv4Address.Parse(Lab.ServerAddress), TeredoFlags.None, endpoint).ToIPv6Address();
                byte[] packet = Syn(source, IPv6Address.FromIPAddress(bob.Address!), port);
                using var stranger = lab.Network.Host(endpoint.Address.ToString()).Open(endpoint, (_, _) => { });
                stranger.Send(node, packet, 0);
            }
        }

        static byte[] Syn(IPv6Address source, IPv6Address destination, ushort port)
        {
            byte[] packet = new byte[IPv6Packet.HeaderSize + 20];
            IPv6Packet.WriteHeader(packet, 20, NextHeader.Tcp, 64, source, destination);
            var segment = packet.AsSpan(IPv6Packet.HeaderSize); // RFC 9293 §3.1
            BinaryPrimitives.WriteUInt16BigEndian(segment, PeerPort);
            BinaryPrimitives.WriteUInt16BigEndian(segment[2..], port);
            (segment[12], segment[13], segment[14]) = (5 << 4, 2, 0xFF); // the length of the header, SYN, a large window
            BinaryPrimitives.WriteUInt16BigEndian(segment[16..], InternetChecksum.Compute(source, destination, NextHeader.Tcp, segment));
            return packet;
        }

        async Task<T> InVirtualTime<T>(Task<T> task)
        {
            lab.Time.AdvanceUntil(() => task.IsCompleted, TimeSpan.FromMinutes(1));
            return await task.InTime();
        }
    }
}
