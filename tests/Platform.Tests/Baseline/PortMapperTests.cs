using System.Net;
using System.Net.Sockets;
using System.Text;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>miniupnpd on a NAT of the lab answers all its protocols, and what it maps is open.</summary>
public class PortMapperTests : LabTests
{
    async Task<(LabHost Peer, LabNat Nat, LabHost Host)> StartAsync()
    {
        var lab = NewLab(Lab.OrdinaryInternet);
        var peer = lab.AddPublicHost("peer", native: false);
        var nat = lab.AddNat("nat", NatKind.PortRestricted);
        var host = nat.AddHost("host");
        await lab.StartAsync();
        await PortMapper.StartAsync(nat);
        return (peer, nat, host);
    }

    [Test]
    public async Task NatPmp_MappingOfAPort_OpensItForStrangers()
    {
        var (peer, nat, host) = await StartAsync();
        using var service = host.CreateUdpSocket(5000);
        // RFC 6886 §3.3: version 0, map UDP, reserved, internal port, wished external port, lifetime.
        byte[] answer = Ask(host, nat, [0, 1, 0, 0, 0x13, 0x88, 0x13, 0x89, 0, 0, 0x0E, 0x10]);
        Assert.That(answer[..4], Is.EqualTo(new byte[] { 0, 129, 0, 0 }));
        int external = (answer[10] << 8) | answer[11];
        using var stranger = peer.CreateUdpSocket();
        stranger.Send("stranger", new IPEndPoint(nat.Address, external));
        Assert.That(service.Receive().Text, Is.EqualTo("stranger"));
    }

    [Test]
    public async Task NatPmp_QuestionForTheAddress_NamesTheNats()
    {
        var (_, nat, host) = await StartAsync();
        Assert.That(new IPAddress(Ask(host, nat, [0, 0]).AsSpan(8, 4)), Is.EqualTo(nat.Address)); // RFC 6886 §3.2
    }

    [Test]
    public async Task Pcp_Announce_IsAnswered()
    {
        var (_, nat, host) = await StartAsync();
        byte[] announce = new byte[24]; // RFC 6887 §7.1: version 2, opcode 0, the client's address as ::ffff:a.b.c.d
        announce[0] = 2;
        host.Address.MapToIPv6().GetAddressBytes().CopyTo(announce, 8);
        Assert.That(Ask(host, nat, announce)[..4], Is.EqualTo(new byte[] { 2, 128, 0, 0 }));
    }

    [Test]
    public async Task Upnp_Search_FindsAnInternetGatewayDevice()
    {
        var (_, _, host) = await StartAsync();
        using var socket = host.CreateUdpSocket();
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 2);
        socket.Send("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
            + "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", new IPEndPoint(IPAddress.Parse("239.255.255.250"), 1900));
        Assert.That(socket.Receive().Text, Does.StartWith("HTTP/1.1 200 OK").And.Contains("http://10.1.0.1:5000/"));
    }

    static byte[] Ask(LabHost host, LabNat nat, byte[] request)
    {
        using var socket = host.CreateUdpSocket();
        socket.SendTo(request, new IPEndPoint(IPAddress.Parse(nat.LanAddress), 5351));
        return Encoding.Latin1.GetBytes(socket.Receive().Text);
    }
}
