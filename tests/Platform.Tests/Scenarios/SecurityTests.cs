using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Baseline;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Protocol.Tests.Data;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>What strangers get from a host of ours, seen at its NAT.</summary>
public class SecurityTests : LabTests
{
    const int DatagramOctets = 111, SynOctets = 40, EchoOctets = 222; // a SYN of Linux, and sizes to tell packets by
    const int IPv6Header = 40, UdpHeader = 8, EchoHeader = 8;
    const byte Tcp = 6, Icmpv6 = 58, NoNextHeader = 59, EchoReply = 129;

    /// <summary>Ours behind a port-restricted NAT; a friend and a stranger on miredo's clients.</summary>
    sealed record Scene(LabHost Server, LabNat Nat, LabHost Ours, LabHost Friend, IPAddress FriendAddress, LabHost Stranger);

    async Task<Scene> StartAsync()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var nat = lab.AddNat("nat1", NatKind.PortRestricted);
        var (alice, bob) = (nat.AddHost("alice"), lab.AddPublicHost("bob", native: false));
        var carol = lab.AddPublicHost("carol", native: false);
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var friend = await Miredo.StartClientAsync(bob, server);
        await Miredo.StartClientAsync(carol, server);
        return new(server, nat, alice, bob, friend.Address, carol);
    }

    [Test]
    public async Task Stranger_AtPortsWithoutAnOptedInSocket_GetsNothing()
    {
        var scene = await StartAsync();
        var stranger = scene.Stranger;
        var open = (await TeredoProgram.ListenAsync(scene.Ours, scene.Server, "5000", "--echo")).EndPoint;
        await stranger.PingAsync(open.Address); // the way is open: what is sent from now on comes in
        var capture = await Capture.StartAsync(scene.Nat, filter: $"udp and host {stranger.Address}");
        using var datagrams = UdpSocket(stranger);
        datagrams.Send("to a closed port", new IPEndPoint(open.Address, 5001));
        datagrams.Send("to a port that is open for TCP", open);
        using var closed = StartConnecting(stranger, new(open.Address, 5001));
        await stranger.CallEchoAsync(open); // comes after the others, and is answered
        var (came, went) = Split(await capture.StopAsync(), scene.Nat);
        Assert.That(came.Count(packet => PortsOf(packet).To == 5001), Is.GreaterThanOrEqualTo(2), "They did not come in.");
        Assert.That(went, Is.Not.Empty);
        Assert.That(went.Where(packet => packet[6] != NoNextHeader),
            Has.All.Matches<byte[]>(packet => packet[6] == Tcp && PortsOf(packet).From == 5000));
    }

    [Test]
    public async Task Stranger_WhileNoSocketIsOptedIn_GetsNothingFromItNorItsPort()
    {
        var scene = await StartAsync();
        var (ours, friend, stranger) = (scene.Ours, scene.Friend, scene.Stranger);
        using var friendly = UdpSocket(friend, new(scene.FriendAddress, 0));
        var talk = TeredoProgram.Start(ours, ["connect", "--udp", $"{friendly.LocalEndPoint}", .. TeredoProgram.Asking(scene.Server)]);
        await talk.Input.WriteLineAsync("hello");
        await talk.Input.FlushAsync();
        var restricted = await Task.Run(() => friendly.Receive().Source); // an EdgeRestricted socket of ours
        var capture = await Capture.StartAsync(scene.Nat, filter: $"udp and host {stranger.Address}");
        var arrivals = ours.Start("tcpdump", ["-l", "-n", "-i", "eth0", "udp", "and", "src", $"{stranger.Address}"]);
        await arrivals.WaitForLineAsync("listening on");

        using var datagrams = UdpSocket(stranger);
        datagrams.Send(new string('x', DatagramOctets), restricted);
        using var connecting = StartConnecting(stranger, restricted);
        var ping = stranger.Start("ping", ["-6", "-c", "1", "-W", "1", "-s", $"{EchoOctets}", $"{restricted.Address}"]);
        foreach (int length in new[] { UdpHeader + DatagramOctets, SynOctets, EchoHeader + EchoOctets })
            await arrivals.WaitForLineAsync(line => line.EndsWith($"length {IPv6Header + length}", StringComparison.Ordinal));
        friendly.Send("comes after them", restricted);
        await talk.WaitForLineAsync("comes after them");

        Assert.That(await ping.WaitForExitAsync(), Is.EqualTo(1), ping.Transcript);
        Assert.That(talk.Output, Is.EqualTo("comes after them"));
        var (_, went) = Split(await capture.StopAsync(), scene.Nat);
        Assert.That(went.Select(packet => packet[6]), Is.Not.Empty.And.All.EqualTo(NoNextHeader), "Bubbles open the way, and nothing else is sent.");
    }

    [Test]
    public async Task Pings_OfAStranger_AreAnsweredTenTimesASecond()
    {
        const int perSecond = 10, sent = 150;
        var scene = await StartAsync();
        var open = (await TeredoProgram.ListenAsync(scene.Ours, scene.Server, "5000", "--echo")).EndPoint;
        await scene.Stranger.PingAsync(open.Address);
        var capture = await Capture.StartAsync(scene.Nat, filter: $"udp and host {scene.Stranger.Address}");
        var ping = scene.Stranger.Start("ping", ["-6", "-q", "-i", "0.01", "-c", $"{sent}", "-W", "1", $"{open.Address}"]);
        await ping.WaitForExitAsync();
        var frames = await capture.StopAsync();
        var icmpv6 = frames.Where(frame => IsFrom(frame, scene.Nat) && frame.Udp!.Payload[6] == Icmpv6);
        TimeSpan[] answers = [.. icmpv6.Select(frame => frame.Time)];
        TestContext.Out.WriteLine($"{answers.Length} answers to {sent} pings in {frames[^1].Time.TotalSeconds:F2} s");
        Assert.That(answers, Has.Length.InRange(perSecond, sent / 2));
        Assert.That(icmpv6.Select(frame => frame.Udp!.Payload[IPv6Header]), Has.All.EqualTo(EchoReply));
        // Since the first question, however long an answer waited for its turn of the processor.
        var first = frames.First(frame => !IsFrom(frame, scene.Nat) && frame.Udp!.Payload[6] == Icmpv6).Time;
        for (int i = 0; i < answers.Length; i++)
            Assert.That(i, Is.LessThan(perSecond * (1 + Math.Floor((answers[i] - first).TotalSeconds))));
    }

    static Socket UdpSocket(LabHost host, IPEndPoint? local = null)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(local ?? new(IPAddress.IPv6Any, 0));
        return socket;
    }

    // The first SYN is sent when this returns.
    static Socket StartConnecting(LabHost host, IPEndPoint to)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        socket.Blocking = false;
        Assert.That(() => socket.Connect(to), Throws.InstanceOf<SocketException>());
        return socket;
    }

    static bool IsFrom(CapturedFrame frame, LabHost host) => frame.Udp!.Source.Address.ToIPAddress().Equals(host.Address);

    // The IPv6 packets between the NAT and the stranger, as they are in the datagrams.
    static (IReadOnlyList<byte[]> Came, IReadOnlyList<byte[]> Went) Split(IReadOnlyList<CapturedFrame> frames, LabHost nat) =>
        ([.. frames.Where(frame => !IsFrom(frame, nat)).Select(frame => frame.Udp!.Payload)],
            [.. frames.Where(frame => IsFrom(frame, nat)).Select(frame => frame.Udp!.Payload)]);

    static (int From, int To) PortsOf(ReadOnlySpan<byte> packet) => packet.Length < IPv6Header + 4 ? default
        : (BinaryPrimitives.ReadUInt16BigEndian(packet[IPv6Header..]), BinaryPrimitives.ReadUInt16BigEndian(packet[(IPv6Header + 2)..]));
}
