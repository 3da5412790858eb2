using System.Buffers.Binary;
using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>The pcap file of a node: what a user sends along with a report of a fault.</summary>
public sealed class CaptureTests
{
    const string Alice = "203.0.113.10", Bob = "203.0.113.20";

    string _folder = null!;

    string PathOf(string name) => Path.Combine(_folder, name);

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("teredo-capture").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Capture_HoldsTheOuterAndTheInnerPackets_BothWays()
    {
        IPAddress alice, bob;
        await using (var lab = new Lab())
        {
            lab.StartServer();
            var caller = await lab.StartAsync(Alice, options => options.CaptureFile = PathOf("alice.pcap"));
            var listener = await lab.StartAsync(Bob);
            await using var one = await caller.BindDatagramAsync(4242).InTime();
            await using var other = await listener.BindDatagramAsync(4243).InTime();
            await one.SendToAsync(new byte[] { 1, 2, 3 }, other.TeredoEndPoint!);
            lab.Time.Advance(TimeSpan.FromSeconds(5));
            var asked = await other.ReceiveAsync().InTime();
            await other.SendToAsync(new byte[] { 4, 5 }, asked.RemoteEndPoint);
            await one.ReceiveAsync().InTime();
            (alice, bob) = (caller.Address!, listener.Address!);
        }

        var packets = Read(PathOf("alice.pcap"));
        var server = IPv4Endpoint.Parse($"{Lab.ServerAddress}:{TeredoPorts.Server}");
        Assert.Multiple(() =>
        {
            Assert.That(packets.Outer.Any(datagram => datagram.Target == server && $"{datagram.Source.Address}" == Alice), "a solicitation");
            Assert.That(packets.Outer.Any(datagram => datagram.Source == server && $"{datagram.Target.Address}" == Alice), "an advertisement");
            Assert.That(packets.Outer.Any(datagram => $"{datagram.Target.Address}" == Bob && datagram.Payload.AsSpan()[^3..].SequenceEqual(new byte[] { 1, 2, 3 })));
            Assert.That(packets.Outer.Any(datagram => $"{datagram.Source.Address}" == Bob && datagram.Payload.AsSpan()[^2..].SequenceEqual(new byte[] { 4, 5 })));
            Assert.That(packets.Inner.Any(packet => packet.Source.Equals(alice) && packet.Destination.Equals(bob) && packet.Payload.AsSpan()[^3..].SequenceEqual(new byte[] { 1, 2, 3 })));
            Assert.That(packets.Inner.Any(packet => packet.Source.Equals(bob) && packet.Destination.Equals(alice) && packet.Payload.AsSpan()[^2..].SequenceEqual(new byte[] { 4, 5 })));
        });
    }

    // A stream of the kernel goes out in bursts, as packets that stand for many.
    [Test, Platform("Linux")]
    public async Task Capture_HoldsEachPacketOfABurst_InsideAndOutside()
    {
        const int octets = 200_000;
        IPAddress alice;
        await using (var lab = new Loopback())
        {
            var options = lab.KernelOptions;
            options.CaptureFile = PathOf("burst.pcap");
            var (caller, callee) = (await lab.StartAsync(options), await lab.StartAsync(lab.KernelOptions));
            await using var listener = await callee.ListenAsync(4242).InTime();
            await using var connection = await caller.ConnectAsync(listener.TeredoEndPoint!).InTime();
            await using var accepted = await listener.AcceptAsync().AsTask().InTime();
            await connection.GetStream().WriteAsync(new byte[octets]).AsTask().InTime();
            await accepted.GetStream().ReadExactlyAsync(new byte[octets]).AsTask().InTime();
            alice = caller.Address!;
        }
        var (outer, inner) = Read(PathOf("burst.pcap"));
        Assert.That(inner.Where(packet => packet.Source.Equals(alice)).Sum(packet => SegmentOctets(packet.Payload)), Is.GreaterThanOrEqualTo(octets));
        Assert.That(inner.Select(packet => packet.Payload.Length), Is.All.LessThanOrEqualTo(1280 - IPv6Packet.HeaderSize), "none stands for many");
        var carried = outer.Select(datagram => datagram.Payload).Where(payload => payload.Length > IPv6Packet.HeaderSize && payload[6] == NextHeader.Tcp
            && new IPAddress(payload.AsSpan(8, IPv6Address.Size)).Equals(alice));
        Assert.That(carried.Sum(payload => SegmentOctets(payload.AsSpan(IPv6Packet.HeaderSize))), Is.GreaterThanOrEqualTo(octets));

        static int SegmentOctets(ReadOnlySpan<byte> tcp) => tcp.Length < 20 ? 0 : tcp.Length - (tcp[12] >> 4) * 4;
    }

    [Test]
    public async Task Capture_OfAFailedStart_HoldsWhatWasAsked()
    {
        await using var lab = new Lab();
        var start = lab.BeginStart(Alice, options => options.CaptureFile = PathOf("silent.pcap"));
        lab.Time.Advance(TimeSpan.FromSeconds(12.1)); // RFC 4380 §5.2.1: three solicitations, 4 s each
        Assert.ThrowsAsync<TeredoException>(() => start.InTime());
        Assert.That(Read(PathOf("silent.pcap")).Outer, Has.Count.EqualTo(3));
    }

    [Test]
    public void File_ThatCannotBeWritten_IsASentenceWithThePath()
    {
        var lab = new Lab();
        string path = PathOf("no-such-folder/node.pcap");
        var e = Assert.ThrowsAsync<TeredoException>(() => lab.BeginStart(Alice, options => options.CaptureFile = path).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.CaptureUnavailable));
        Assert.That(e.Message, Does.Contain(path));
    }

    [Test]
    public async Task File_OfAnotherNode_IsRefused()
    {
        await using var lab = new Lab();
        lab.StartServer();
        await lab.StartAsync(Alice, options => options.CaptureFile = PathOf("one.pcap"));
        var e = Assert.ThrowsAsync<TeredoException>(() => lab.BeginStart(Bob, options => options.CaptureFile = PathOf("one.pcap")).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.CaptureUnavailable));
    }

    [Test]
    public void EmptyPath_IsNoOption() =>
        Assert.That(() => new TeredoOptions { CaptureFile = "" }.Validate(), Throws.ArgumentException.With.Message.Contains("CaptureFile"));

    // Reads the file as its format says, with nothing of the code that wrote it.
    static (List<(IPv4Endpoint Source, IPv4Endpoint Target, byte[] Payload)> Outer, List<(IPAddress Source, IPAddress Destination, byte[] Payload)> Inner) Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(file), Is.EqualTo(0xA1B2C3D4));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(20)), Is.EqualTo(101), "LINKTYPE_RAW");
        List<(IPv4Endpoint, IPv4Endpoint, byte[])> outer = [];
        List<(IPAddress, IPAddress, byte[])> inner = [];
        for (int at = 24; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8));
            byte[] packet = file[(at + 16)..(at + 16 + length)];
            if (packet[0] >> 4 == 4)
                outer.Add((EndpointAt(packet, 12, 20), EndpointAt(packet, 16, 22), packet[28..]));
            else
                inner.Add((new(packet.AsSpan(8, 16)), new(packet.AsSpan(24, 16)), packet[40..]));
            at += 16 + length;
        }
        return (outer, inner);
    }

    static IPv4Endpoint EndpointAt(byte[] packet, int address, int port) =>
        new(IPv4Address.Read(packet.AsSpan(address)), BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(port)));
}
