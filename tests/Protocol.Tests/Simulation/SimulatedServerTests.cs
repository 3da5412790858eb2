using TeredoSdk.Protocol.Wire;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>Servers of the simulated internet, asked by hand-made datagrams of plain sockets.</summary>
public sealed class SimulatedServerTests : SimulationTest
{
    SimulatedServer _server = null!;

    [SetUp]
    public void MakeServer() => _server = Internet.Server();

    [Test]
    public void Server_Solicited_TellsTheMappedEndpoint_AtBothAddresses()
    {
        var nat = Internet.Nat(NatKind.SequentialSymmetric);
        var socket = nat.Host("inside").Bind();
        var (primary, secondary) = (Solicit(socket, _server.Address.Primary), Solicit(socket, _server.Address.Secondary));
        Assert.Multiple(() =>
        {
            Assert.That(primary?.Address, Is.EqualTo(nat.ExternalAddress));
            Assert.That(secondary, Is.EqualTo(new IPv4Endpoint(nat.ExternalAddress, (ushort)(primary!.Value.Port + 1))));
        });
    }

    [Test, Conformance("C-017")]
    public void Server_IsBoundTo3544_AndToNothingElse()
    {
        var socket = Internet.Host("client").Bind();
        byte[] solicitation = new byte[RouterSolicitation.Size];
        RouterSolicitation.Write(solicitation, TeredoLinkLocal.Client);
        foreach (var address in (IPv4Address[])[_server.Address.Primary, _server.Address.Secondary])
        {
            foreach (ushort port in (ushort[])[3543, 3545])
            {
                socket.Send(new(address, port), solicitation);
                int before = socket.Received.Count;
                Internet.RunFor(Second);
                Assert.That(socket.Received, Has.Count.EqualTo(before), $"port {port}");
            }
            Assert.That(Solicit(socket, address), Is.EqualTo(socket.LocalEndpoint));
            Assert.That(socket.Received[^1].Source, Is.EqualTo(new IPv4Endpoint(address, 3544)));
        }
    }

    [Test]
    public void Server_SwitchedOff_IsSilentThere()
    {
        var socket = Internet.Host("client").Bind();
        _server.SecondaryIsRunning = false;
        Assert.Multiple(() =>
        {
            Assert.That(Solicit(socket, _server.Address.Primary), Is.EqualTo(socket.LocalEndpoint));
            Assert.That(Solicit(socket, _server.Address.Secondary), Is.Null);
        });
        _server.IsRunning = false;
        Assert.That(Solicit(socket, _server.Address.Primary), Is.Null);
        _server.IsRunning = true;
        Assert.That(Solicit(socket, _server.Address.Primary), Is.EqualTo(socket.LocalEndpoint));
    }

    [Test]
    public void Server_EchoRequestToNativeNode_ReachesIt()
    {
        var socket = Internet.Host("client").Bind();
        var node = Internet.NativeNode("native");
        var own = new TeredoAddress(_server.Address.Primary, TeredoFlags.None, socket.LocalEndpoint);
        byte[] packet = new byte[56];
        EchoMessage.WritePacket(packet, Icmpv6Type.EchoRequest, own, node.Address, 1, 2, new byte[8]);
        socket.Send(new(_server.Address.Primary, 3544), packet);
        Internet.RunFor(Second);
        Assert.That(node.Received, Has.Count.EqualTo(1));
        Assert.That(IPv6Address.Read(node.Received[0].Octets.Span[8..]), Is.EqualTo(own.ToIPv6Address()));
    }

    [Test]
    public void Servers_EachHaveTheirOwnAddresses()
    {
        var other = Internet.Server();
        Assert.Multiple(() =>
        {
            Assert.That(Internet.Servers, Is.EqualTo(new[] { _server, other }));
            Assert.That(other.Address.Primary, Is.Not.EqualTo(_server.Address.Primary).And.Not.EqualTo(_server.Address.Secondary));
            Assert.That(other.Address.Secondary.Value, Is.EqualTo(other.Address.Primary.Value + 1));
        });
    }

    /// <returns>The endpoint in the origin indication, or null when no answer came within a second.</returns>
    IPv4Endpoint? Solicit(SimulatedUdpSocket socket, IPv4Address server)
    {
        byte[] solicitation = new byte[RouterSolicitation.Size];
        RouterSolicitation.Write(solicitation, IPv6Address.Parse("fe80::ffff:ffff:ffff"));
        int before = socket.Received.Count;
        socket.Send(new(server, 3544), solicitation);
        Internet.RunFor(Second);
        if (socket.Received.Count == before)
            return null;
        Assert.That(Encapsulation.TryParse(socket.Received[^1].Payload.Span, out var answer, out _), Is.True);
        Assert.That(answer.HasOrigin, Is.True);
        return answer.Origin.MappedEndpoint;
    }
}
