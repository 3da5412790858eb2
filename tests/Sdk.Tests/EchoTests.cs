using System.Net.NetworkInformation;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>Which answers a ping takes, from hosts that speak for themselves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class EchoTests
{
    static readonly IPv4Endpoint Peer = IPv4Endpoint.Parse("203.0.113.66:40000"), Other = IPv4Endpoint.Parse("203.0.113.67:40001");
    static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    const int EchoHeaders = IPv6Packet.HeaderSize + EchoMessage.HeaderSize, DataOctets = 32;

    readonly List<byte[]> _received = [];

    static IPv6Address AddressOf(IPv4Endpoint endpoint) =>
        new TeredoAddress(IPv4Address.Parse(Lab.ServerAddress), TeredoFlags.None, endpoint).ToIPv6Address();

    [Test]
    public async Task Reply_OfAnotherHostOrIdentifierOrNumber_IsNotTaken()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var ping = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        var (identifier, sequence) = Request();
        Reply(lab, hosts, node, Other, identifier, sequence);
        Reply(lab, hosts, node, Peer, (ushort)(identifier + 1), sequence);
        Reply(lab, hosts, node, Peer, identifier, (ushort)(sequence + 1));
        Assert.That(node.Report.Drops[DropReason.Unsolicited], Is.EqualTo(hosts.Count + 3));
        Reply(lab, hosts, node, Peer, identifier, sequence);
        var reply = await ping.InTime();
        Assert.That(reply.Status, Is.EqualTo(IPStatus.Success));
        Assert.That(reply.RoundTripTime, Is.EqualTo(4 * Step), "the fourth one was it");
    }

    [Test]
    public async Task Reply_ThatComesTooLate_IsUnsolicited()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var ping = node.PingAsync(AddressOf(Peer).ToIPAddress(), Step);
        var (identifier, sequence) = Request();
        lab.Time.Advance(Step);
        Assert.That((await ping.InTime()).Status, Is.EqualTo(IPStatus.TimedOut));
        Reply(lab, hosts, node, Peer, identifier, sequence);
        Assert.That(node.Report.Drops[DropReason.Unsolicited], Is.EqualTo(hosts.Count + 1));
    }

    [Test]
    public async Task Error_AboutAnotherTargetOrIdentifier_FailsNoPing()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var ping = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        var (identifier, sequence) = Request();
        Error(hosts, node, AddressOf(Other), identifier, sequence);
        Error(hosts, node, AddressOf(Peer), (ushort)(identifier + 1), sequence);
        Error(hosts, node, AddressOf(Peer), identifier, (ushort)(sequence + 1));
        Reply(lab, hosts, node, Peer, identifier, sequence);
        Assert.That((await ping.InTime()).Status, Is.EqualTo(IPStatus.Success));
    }

    // RFC 4443 §2.4 (c): an error quotes as much as fits, so the data may be cut off; without the whole header nobody knows what it is about.
    [TestCase(DataOctets)]
    [TestCase(0)]
    public async Task Error_AboutThePing_FailsIt(int quotedData)
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var ping = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        var (identifier, sequence) = Request();
        Error(hosts, node, AddressOf(Peer), identifier, sequence, quotedOctets: EchoHeaders + quotedData);
        Assert.That((await ping.InTime()).Status, Is.EqualTo(IPStatus.DestinationHostUnreachable));
    }

    [Test]
    public async Task Error_ThatEndsInsideTheHeader_OrIsAboutASizeOrAReply_FailsNoPing()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var ping = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        var (identifier, sequence) = Request();
        for (int octets = 0; octets < EchoHeaders; octets++)
            Error(hosts, node, AddressOf(Peer), identifier, sequence, quotedOctets: octets);
        Error(hosts, node, AddressOf(Peer), identifier, sequence, Icmpv6Type.PacketTooBig);
        Error(hosts, node, AddressOf(Peer), identifier, sequence, quotedType: Icmpv6Type.EchoReply);
        Assert.That(ping.IsCompleted, Is.False);
        Reply(lab, hosts, node, Peer, identifier, sequence);
        Assert.That((await ping.InTime()).Status, Is.EqualTo(IPStatus.Success));
    }

    [Test]
    public async Task Ping_ToAPeerThatHasJustBeenSilent_FailsAtOnce()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var silent = AddressOf(IPv4Endpoint.Parse("203.0.113.99:40002")).ToIPAddress();
        var ping = node.PingAsync(silent, TimeSpan.FromHours(1)); // it completes on another thread, while virtual time may go on
        lab.Time.AdvanceUntil(() => ping.IsCompleted, TimeSpan.FromMinutes(1));
        Assert.That((await ping.InTime()).Status, Is.EqualTo(IPStatus.DestinationHostUnreachable));
        var next = await node.PingAsync(silent, TimeSpan.FromMinutes(1)).InTime(); // no time passes
        Assert.That((next.Status, next.RoundTripTime), Is.EqualTo((IPStatus.DestinationHostUnreachable, TimeSpan.Zero)));
    }

    [Test]
    public async Task RequestWithAWrongChecksum_IsMalformed()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        byte[] packet = Echo(Icmpv6Type.EchoRequest, AddressOf(Peer), AddressOf(node), 1, 1);
        packet[^1] ^= 1;
        Send(hosts[Peer], node, packet);
        Assert.That(node.Report.Drops[DropReason.MalformedTransport], Is.EqualTo(1));
    }

    // A number that is never free again would end in a search for ever.
    [Slow]
    [Test]
    public async Task PingThatMayNotBeSent_LeavesItsNumberFree()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        var forbidden = AddressOf(Peer with { Port = TeredoPorts.Server }).ToIPAddress();
        for (int i = 0; i <= ushort.MaxValue + 1; i++)
        {
            try
            {
                await node.PingAsync(forbidden, Step).InTime();
                Assert.Fail("It was sent.");
            }
            catch (TeredoException e)
            {
                Assert.That(e.Error, Is.EqualTo(TeredoError.DestinationNotAllowed));
            }
        }
    }

    [Test]
    public async Task Ping_WhenTheNodeIsDisposed_Ends()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var ping = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        await node.DisposeAsync().InTime();
        Assert.That(async () => await ping.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20)).InTime(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Requests_HaveNumbersOfTheirOwn_AndTheUsualSize()
    {
        await using var lab = new Lab();
        var (node, hosts) = await StartAsync(lab);
        using var end = hosts;
        var one = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        var (identifier, first) = Request();
        Assert.That(_received[^1], Has.Length.EqualTo(EchoHeaders + DataOctets));
        _received.Clear();
        var other = node.PingAsync(AddressOf(Peer).ToIPAddress(), TimeSpan.FromSeconds(20));
        Assert.That(Request(), Is.EqualTo((identifier, (ushort)(first + 1))));
        Reply(lab, hosts, node, Peer, identifier, (ushort)(first + 1));
        Assert.That((await other.InTime()).Status, Is.EqualTo(IPStatus.Success));
        Assert.That(one.IsCompleted, Is.False);
        lab.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.That((await one.InTime()).Status, Is.EqualTo(IPStatus.TimedOut));
    }

    // The hosts have spoken first, so that the node trusts both.
    async Task<(TeredoNode Node, Hosts Hosts)> StartAsync(Lab lab)
    {
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        var hosts = new Hosts();
        foreach (var host in new[] { Peer, Other })
        {
            hosts[host] = lab.Network.Host(host.Address.ToString()).Open(host, Datagrams.Each((_, payload) => _received.Add(payload.ToArray())));
            byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize];
            UdpDatagram.WritePacket(packet, AddressOf(host), 1, AddressOf(node), 2, []);
            Send(hosts[host], node, packet);
        }
        Assert.That(node.Report.Drops[DropReason.Unsolicited], Is.EqualTo(hosts.Count));
        return (node, hosts);
    }

    (ushort Identifier, ushort Sequence) Request()
    {
        foreach (byte[] octets in _received)
            if (IPv6Packet.TryParse(octets, out var packet) && packet.NextHeader == NextHeader.Icmpv6 && Icmpv6Message.TryParse(packet, out var message)
                && EchoMessage.TryParse(message, out var echo) && !echo.IsReply)
                return (echo.Identifier, echo.Sequence);
        throw new AssertionException("The node sent no Echo Request.");
    }

    // Each reply comes a second later.
    static void Reply(Lab lab, Hosts hosts, TeredoNode node, IPv4Endpoint host, ushort identifier, ushort sequence)
    {
        lab.Time.Advance(Step);
        Send(hosts[host], node, Echo(Icmpv6Type.EchoReply, AddressOf(host), AddressOf(node), identifier, sequence));
    }

    static void Error(Hosts hosts, TeredoNode node, IPv6Address target, ushort identifier, ushort sequence,
        Icmpv6Type type = Icmpv6Type.DestinationUnreachable, Icmpv6Type quotedType = Icmpv6Type.EchoRequest, int quotedOctets = EchoHeaders)
    {
        byte[] echo = Echo(quotedType, AddressOf(node), target, identifier, sequence), quoted = new byte[Math.Max(quotedOctets, echo.Length)];
        echo.CopyTo(quoted, 0);
        byte[] packet = new byte[IPv6Packet.HeaderSize + 8 + quotedOctets];
        Icmpv6Error.WritePacket(packet, type, Icmpv6Error.AddressUnreachable, 0, AddressOf(Peer), AddressOf(node), quoted.AsSpan(0, quotedOctets));
        Send(hosts[Peer], node, packet);
    }

    static byte[] Echo(Icmpv6Type type, IPv6Address source, IPv6Address destination, ushort identifier, ushort sequence)
    {
        byte[] packet = new byte[IPv6Packet.HeaderSize + EchoMessage.HeaderSize];
        EchoMessage.WritePacket(packet, type, source, destination, identifier, sequence, []);
        return packet;
    }

    static void Send(IUdpTransport from, TeredoNode node, byte[] packet) => from.Send(IPv4Endpoint.FromIPEndPoint(node.Report.LocalEndPoint!), packet, 0);

    static IPv6Address AddressOf(TeredoNode node) => IPv6Address.FromIPAddress(node.Address!);

    sealed class Hosts : Dictionary<IPv4Endpoint, IUdpTransport>, IDisposable
    {
        public void Dispose()
        {
            foreach (var host in Values)
                host.Dispose();
        }
    }
}
