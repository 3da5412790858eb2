using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Fuzz;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>An application without any care sends every datagram back. Nothing that a stranger sends may make it throw.</summary>
public sealed class NaiveApplicationTests
{
    const string Node = "203.0.113.10";
    const ushort Port = 4242;
    static readonly IPv4Endpoint Stranger = IPv4Endpoint.Parse("203.0.113.66:40000"), Other = IPv4Endpoint.Parse("203.0.113.67:40001");
    static readonly IPv6Address Native = IPv6Address.Parse("2600::1");

    static IPv6Address AddressOf(IPv4Endpoint endpoint) =>
        new TeredoAddress(IPv4Address.Parse(Lab.ServerAddress), TeredoFlags.None, endpoint).ToIPv6Address();

    [TestCase(0, Port, 10, DropReason.PortZero)]
    [TestCase(5000, 0, 10, DropReason.PortZero)]
    [TestCase(5000, Port, TeredoDatagramSocket.MaxDatagramOctets + 1, DropReason.AboveMtu)]
    [TestCase(5000, Port, 1400, DropReason.AboveMtu)]
    [TestCase(5000, Port, TeredoDatagramSocket.MaxDatagramOctets, DropReason.None)]
    [TestCase(1, Port, 0, DropReason.None)]
    public async Task Datagram_ThatCouldNotBeAnswered_IsCountedAndDropped(int from, int to, int octets, DropReason reason)
    {
        await using var world = await World.OpenAsync();
        world.Send(Stranger, world.Udp(AddressOf(Stranger), (ushort)from, (ushort)to, octets));
        Assert.That(world.Drops(reason), Is.EqualTo(reason == DropReason.None ? 0 : 1));
        Assert.That(await world.AnswerAsync(), Is.EqualTo(reason == DropReason.None ? 1 : 0));
    }

    [Test]
    public async Task Segment_FromPortZero_IsCountedAndDropped()
    {
        await using var world = await World.OpenAsync();
        byte[] packet = new byte[IPv6Packet.HeaderSize + 20];
        IPv6Packet.WriteHeader(packet, 20, NextHeader.Tcp, 64, AddressOf(Stranger), world.Address);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(IPv6Packet.HeaderSize + 2), Port);
        world.Send(Stranger, packet);
        Assert.That(world.Drops(DropReason.PortZero), Is.EqualTo(1));
    }

    [Test]
    public async Task NoDatagram_MakesAPlainEchoThrow([Range(1, 6)] int seed)
    {
        await using var world = await World.OpenAsync();
        var random = new Random(seed);
        IPv6Address[] addresses =
        [
            AddressOf(Stranger), AddressOf(Other), world.Address, Native, default, IPv6Address.Parse("::1"), IPv6Address.Parse("ff02::1"),
            IPv6Address.Parse("fe80::1"), IPv6Address.Parse("fd00::1"), IPv6Address.Parse("2002:cb00:7142::1"), IPv6Address.Parse("::ffff:203.0.113.66"),
        ];
        var mutator = new Mutator(random, addresses, [Stranger, Other, world.Endpoint, IPv4Endpoint.Parse("192.0.2.1:3544"), IPv4Endpoint.Parse("127.0.0.1:0")]);
        int[] sizes = [0, 1, 100, 1232, 1233, 1400];
        ushort[] ports = [0, 1, Port, 5000, 65535];
        for (int i = 0; i < 3000; i++)
        {
            var from = random.Next(4) == 0 ? Other : Stranger;
            byte[] datagram = world.Udp(random.Next(3) == 0 ? addresses[random.Next(addresses.Length)] : AddressOf(from),
                ports[random.Next(ports.Length)], random.Next(8) == 0 ? (ushort)0 : Port, sizes[random.Next(sizes.Length)]);
            world.Send(from, random.Next(3) == 0 ? mutator.Mutate(datagram) : datagram);
            if (i % 100 == 0)
                world.Lab.Time.Advance(TimeSpan.FromSeconds(random.Next(60))); // the application takes its time between a datagram and its answer
            if (i % 50 == 0)
                await world.AnswerAsync();
        }
        Assert.That(await world.AnswerAsync(), Is.GreaterThan(500), "most that came in was answered");
    }

    [Slow]
    [Test]
    public async Task NoDatagram_MakesAPlainEchoOverKernelSocketsThrow()
    {
        await using var lab = new Loopback();
        var options = lab.KernelOptions;
        options.Sockets = TeredoSockets.Auto;
        var node = await lab.StartAsync(options);
        if (!node.Report.KernelSockets)
            Assert.Ignore($"No kernel sockets here: {string.Join(' ', node.Report.PassedOver.Select(passed => passed.Reason))}");
        await using var socket = await node.BindDatagramAsync(Port).InTime();
        await using var own = await node.BindDatagramAsync(0).InTime();
        var echo = Task.Run(() => EchoAsync(socket));
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var from = new TeredoAddress(IPv4Address.FromIPAddress(lab.Primary), TeredoFlags.None, IPv4Endpoint.FromIPEndPoint((IPEndPoint)stranger.LocalEndPoint!));
        var to = IPv6Address.FromIPAddress(node.Address!);
        foreach (ushort port in new ushort[] { 0, 1, 65535 })
            foreach (int octets in new[] { 0, 1, 1232, 1233, 1400 })
                for (int i = 0; i < 5; i++)
                    stranger.SendTo(Udp(from, port, to, Port, octets), node.Report.LocalEndPoint!);
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (node.Report.Drops.GetValueOrDefault(DropReason.PortZero) < 15 || node.Report.Drops.GetValueOrDefault(DropReason.AboveMtu) < 30)
            await Task.Delay(10, limit.Token);
        Assert.That(await AskAsync(own, new(node.Address!, Port), echo), "the application still answers");
        await socket.DisposeAsync();
        await echo.InTime();
    }

    // What everybody writes first.
    static async Task EchoAsync(TeredoDatagramSocket socket)
    {
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync();
                await socket.SendToAsync(received.Buffer, received.RemoteEndPoint);
            }
        }
        catch (ObjectDisposedException)
        {
            // The end.
        }
    }

    // Waits until the echo has answered; it throws what the application threw.
    static async Task<bool> AskAsync(TeredoDatagramSocket own, IPEndPoint target, Task echo)
    {
        var answer = own.ReceiveAsync().AsTask();
        while (!answer.IsCompleted && !echo.IsCompleted)
        {
            await own.SendToAsync(new byte[1], target); // is lost while the queue of the application is full
            await Task.WhenAny(answer, echo, Task.Delay(10));
        }
        if (echo.IsCompleted)
            await echo;
        return answer.IsCompletedSuccessfully;
    }

    static byte[] Udp(IPv6Address source, ushort from, IPv6Address destination, ushort to, int octets)
    {
        byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + octets];
        UdpDatagram.WritePacket(packet, source, from, destination, to, new byte[octets]);
        return packet;
    }

    /// <summary>A node with a plain echo, and two strangers. Everything happens on the test's thread, when the test wants it.</summary>
    sealed class World : IAsyncDisposable
    {
        readonly Dictionary<IPv4Endpoint, IUdpTransport> _strangers = [];
        readonly TeredoNode _node;
        readonly TeredoDatagramSocket _socket;
        int _answers;

        World(Lab lab, TeredoNode node, TeredoDatagramSocket socket)
        {
            (Lab, _node, _socket) = (lab, node, socket);
            foreach (var stranger in new[] { Stranger, Other })
                _strangers[stranger] = lab.Network.Host(stranger.Address.ToString()).Open(stranger, (_, _) => { });
        }

        public Lab Lab { get; }

        public IPv6Address Address => IPv6Address.FromIPAddress(_node.Address!);

        public IPv4Endpoint Endpoint => IPv4Endpoint.FromIPEndPoint(_node.Report.LocalEndPoint!);

        public static async Task<World> OpenAsync()
        {
            var lab = new Lab();
            lab.StartServer();
            var node = await lab.StartAsync(Node);
            return new(lab, node, await node.BindDatagramAsync(Port));
        }

        public long Drops(DropReason reason) => _node.Report.Drops.GetValueOrDefault(reason);

        public byte[] Udp(IPv6Address source, ushort from, ushort to, int octets) => NaiveApplicationTests.Udp(source, from, Address, to, octets);

        public void Send(IPv4Endpoint from, byte[] datagram) => _strangers[from].Send(Endpoint, datagram, 0);

        /// <summary>Sends everything that waits back, and tells how many datagrams were sent back until now.</summary>
        public async Task<int> AnswerAsync()
        {
            while (true)
            {
                using var cancellation = new CancellationTokenSource();
                var receive = _socket.ReceiveAsync(cancellation.Token).AsTask();
                if (!receive.IsCompleted)
                {
                    await cancellation.CancelAsync();
                    Assert.ThrowsAsync<OperationCanceledException>(() => receive.InTime());
                    return _answers;
                }
                var received = await receive;
                await _socket.SendToAsync(received.Buffer, received.RemoteEndPoint);
                _answers++;
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var stranger in _strangers.Values)
                stranger.Dispose();
            await _socket.DisposeAsync();
            await Lab.DisposeAsync();
        }
    }
}
