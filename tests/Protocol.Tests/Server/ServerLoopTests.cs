using TeredoSdk.Protocol.Server;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>RFC 6324's routing loops, in the forms that a Teredo server could take part in.</summary>
public class ServerLoopTests
{
    static readonly IPv4Address OtherServer = IPv4Address.Parse("203.0.113.50");

    [Test, Conformance("C-123", "C-150")]
    public void Server_PacketFromItself_IsDropped([Values("203.0.113.1", "203.0.113.2")] string own, [Values("203.0.113.1", "203.0.113.2")] string target)
    {
        // The attack that stops a server with one packet: source and destination embed its own address and port.
        var (source, destination) = (new IPv4Endpoint(IPv4Address.Parse(own), 3544), new IPv4Endpoint(IPv4Address.Parse(target), 3544));
        Assert.That(new ServerHarness().Drop(source, BubbleOf(AddressOf(source), AddressOf(destination))), Is.EqualTo(DropReason.OwnAddress));
    }

    [Test, Conformance("C-123")]
    public void Server_OwnAddressAsSourceOnAnyPort_IsDroppedUnlessPrivateAddressesAreAllowed()
    {
        var own = IPv4Address.Parse("65.54.227.121");
        var options = new TeredoServerOptions { Primary = IPv4Address.Parse("65.54.227.120"), Secondary = own };
        Assert.Multiple(() =>
        {
            Assert.That(new ServerHarness(options).Drop(new(own, 50000), Vectors.Tv01), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(new ServerHarness(options).Drop(new(options.Primary, 3544), Vectors.Tv01), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(new ServerHarness(options with { AllowPrivateAddresses = true }).Answer(new(own, 50000), Vectors.Tv01).Length, Is.EqualTo(117));
            Assert.That(new ServerHarness(options with { AllowPrivateAddresses = true }).Drop(new(own, 3544), Vectors.Tv01), Is.EqualTo(DropReason.OwnAddress));
        });
    }

    [Test, Conformance("C-123", "C-150")]
    public void Server_DestinationEmbedsOwnAddress_IsDroppedWhateverThePort([Values("203.0.113.1", "203.0.113.2")] string own, [Values(3544, 3545, 50000)] int port)
    {
        var server = new ServerHarness();
        var destination = new IPv4Endpoint(IPv4Address.Parse(own), (ushort)port);
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(MappedA, BubbleOf(A, AddressOf(destination))), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(server.Drop(MappedA, BubbleOf(A, AddressOf(destination, OtherServer))), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(server.Drop(RelayEndpoint, BubbleOf(Native, AddressOf(destination))), Is.EqualTo(DropReason.OwnAddress));
        });
    }

    [Test]
    public void Server_PacketFromOrToServerPort_IsDropped()
    {
        var other = new IPv4Endpoint(OtherServer, 3544);
        var server = new ServerHarness();
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(other, BubbleOf(AddressOf(other, OtherServer), A)), Is.EqualTo(DropReason.ServerPort));
            Assert.That(server.Drop(other, Vectors.Tv03), Is.EqualTo(DropReason.ServerPort));
            Assert.That(server.Drop(MappedA, BubbleOf(A, AddressOf(other))), Is.EqualTo(DropReason.ServerPort));
        });
    }

    [Test]
    public void TwoServers_PacketThatEmbedsBoth_IsDroppedByBoth()
    {
        // Each server is handed what the other sends; without the checks this would go on for ever.
        var (first, second) = (new IPv4Endpoint(Primary, 3544), new IPv4Endpoint(OtherServer, 3544));
        var servers = new[] { new ServerHarness(), new ServerHarness(Options with { Primary = OtherServer, Secondary = null }) };
        byte[] packet = BubbleOf(AddressOf(first), AddressOf(second, OtherServer));
        foreach (var (server, source) in new[] { (servers[0], second), (servers[1], first) })
            Assert.That(server.Drop(source, packet), Is.EqualTo(DropReason.ServerPort));
    }

    [Test]
    public void Server_AllowServerPort_ServesClientsThereButNeverPeerServers()
    {
        var client = new IPv4Endpoint(IPv4Address.Parse("203.0.113.13"), 3544);
        var server = new ServerHarness(Options with { AllowServerPort = true, PeerServers = [OtherServer] });
        Assert.Multiple(() =>
        {
            Assert.That(server.Answer(client, Vectors.Tv03).Target, Is.EqualTo(client));
            Assert.That(server.Answer(MappedA, BubbleOf(A, AddressOf(client))).Target, Is.EqualTo(client));
            Assert.That(server.Drop(new(OtherServer, 3544), Vectors.Tv03), Is.EqualTo(DropReason.ServerPort));
            Assert.That(server.Drop(new(OtherServer, 50000), Vectors.Tv03), Is.EqualTo(DropReason.ServerPort));
            Assert.That(server.Drop(MappedA, BubbleOf(A, AddressOf(new(OtherServer, 50000)))), Is.EqualTo(DropReason.ServerPort));
            Assert.That(server.Drop(new(Primary, 3544), Vectors.Tv03), Is.EqualTo(DropReason.OwnAddress));
        });
    }

    [Test, Conformance("C-150")]
    public void Server_6to4AddressThatEmbedsAnOwnAddress_IsDropped([Values("2002:cb00:7101::1", "2002:cb00:7102::1")] string text)
    {
        var address = IPv6Address.Parse(text);
        var server = new ServerHarness(Options with { ForwardNative = true });
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(RelayEndpoint, BubbleOf(address, A)), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(server.Drop(MappedA, Echo(A, address)), Is.EqualTo(DropReason.OwnAddress));
        });
    }

    [Test]
    public void Server_ItsOwnOutputFedBack_IsNeverSentAgain()
    {
        var server = new ServerHarness();
        foreach (byte[] datagram in new[] { Vectors.Tv01, Vectors.Tv07, Vectors.Tv12 })
        {
            var sent = server.Answer(MappedA, datagram);
            Assert.That(server.Drop(new(Primary, 3544), Vectors.Hex(sent.Hex)), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(server.Drop(MappedB, Vectors.Hex(sent.Hex)), Is.AnyOf(DropReason.SourceMismatch, DropReason.NotAccepted));
        }
    }
}
