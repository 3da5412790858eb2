using System.Buffers.Binary;
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
        Assert.That(await world.CountAnswersAsync(), Is.EqualTo(reason == DropReason.None ? 1 : 0));
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

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [Repeat(2)]
    public async Task NoDatagram_MakesAPlainEchoThrow(int seed)
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
                world.Lab.Time.Advance(TimeSpan.FromSeconds(random.Next(20)));
        }
        Assert.That(await world.CountAnswersAsync(), Is.GreaterThan(100), "most that came in was answered");
    }

    /// <summary>A node with a plain echo, and two strangers.</summary>
    sealed class World : IAsyncDisposable
    {
        readonly Dictionary<IPv4Endpoint, IUdpTransport> _strangers = [];
        readonly TeredoNode _node;
        readonly TeredoDatagramSocket _socket, _own;
        readonly Task _echo;
        int _answers;

        World(Lab lab, TeredoNode node, TeredoDatagramSocket socket, TeredoDatagramSocket own)
        {
            (Lab, _node, _socket, _own) = (lab, node, socket, own);
            _echo = Task.Run(EchoAsync);
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
            return new(lab, node, await node.BindDatagramAsync(Port), await node.BindDatagramAsync(0));
        }

        public long Drops(DropReason reason) => _node.Report.Drops.GetValueOrDefault(reason);

        public byte[] Udp(IPv6Address source, ushort from, ushort to, int octets)
        {
            byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + octets];
            UdpDatagram.WritePacket(packet, source, from, Address, to, new byte[octets]);
            return packet;
        }

        public void Send(IPv4Endpoint from, byte[] datagram) => _strangers[from].Send(Endpoint, datagram, 0);

        /// <summary>How many datagrams of others the application has sent back, once it has answered one of ours.</summary>
        public async Task<int> CountAnswersAsync()
        {
            var answer = _own.ReceiveAsync().AsTask();
            while (!answer.IsCompleted && !_echo.IsCompleted)
            {
                await _own.SendToAsync(new byte[1], new(_node.Address!, Port)); // is lost while the queue of the application is full
                await Task.WhenAny(answer, _echo, Task.Delay(10));
            }
            if (_echo.IsCompleted)
                await _echo; // throws what the application threw
            return Volatile.Read(ref _answers);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var stranger in _strangers.Values)
                stranger.Dispose();
            await _socket.DisposeAsync();
            await _echo.InTime();
            await Lab.DisposeAsync();
        }

        // What everybody writes first.
        async Task EchoAsync()
        {
            try
            {
                while (true)
                {
                    var received = await _socket.ReceiveAsync();
                    await _socket.SendToAsync(received.Buffer, received.RemoteEndPoint);
                    if (!received.RemoteEndPoint.Address.Equals(_node.Address))
                        Interlocked.Increment(ref _answers);
                }
            }
            catch (ObjectDisposedException)
            {
                // The end.
            }
        }
    }
}
