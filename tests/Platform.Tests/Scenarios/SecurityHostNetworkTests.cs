using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>What leaves the host itself while sockets of the engine are used: UDP over IPv4 from the engine's one port.</summary>
public class SecurityHostNetworkTests : LabTests
{
    const int ClientPort = 40000, OpenAtBob = 6000, OpenAtCarol = 6001;
    const byte HopByHop = 0, Tcp = 6, Icmpv6 = 58;
    const int FirstKernelType = 130; // RFC 4443: errors and echo are below; multicast listeners and neighbours from here on

    [Test]
    public async Task EngineSockets_AlsoAfterAFailedConnectAndARetry_NeverSendOnTheHostsNetwork()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        // A way for IPv6 out of the host, which what leaks would take.
        var alice = lab.AddPublicHost("alice", native: true);
        alice.Routes.Add($"route add default via {Lab.Internet6}:1");
        var (bob, carol) = (lab.AddPublicHost("bob", native: false), lab.AddPublicHost("carol", native: false));
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var (first, second) = (await Miredo.StartClientAsync(bob, server), await Miredo.StartClientAsync(carol, server));
        // A peer with two addresses. Each port is open at one of them, so one of the two calls fails at first and is tried again.
        File.AppendAllLines(Path.Combine(lab.Scratch, "hosts"), [$"{first.Address} peer.lab", $"{second.Address} peer.lab"]);

        var (ipv4, ipv6) = (await Capture.StartAsync(alice, filter: "not arp"), await Capture.StartAsync(alice, "eth6"));
        await UseAsync(alice, server, bob, bob.EchoOnce(first.Address, OpenAtBob));
        await UseAsync(alice, server, carol, carol.EchoOnce(second.Address, OpenAtCarol));
        var (frames, frames6) = (await ipv4.StopAsync(), await ipv6.StopAsync());

        var datagrams = frames.Where(frame => frame.IPv6 is null).Select(frame => frame.Udp).ToList();
        Assert.That(datagrams, Is.Not.Empty.And.All.Not.Null, "Something else than UDP.");
        var sent = datagrams.Where(datagram => datagram!.Source.Address.ToIPAddress().Equals(alice.Address));
        Assert.That(sent.Select(datagram => (int)datagram!.Source.Port), Is.Not.Empty.And.All.EqualTo(ClientPort));
        Assert.That(datagrams.Count(datagram => IsReset(datagram!.Payload)), Is.GreaterThan(0), "No connect failed.");
        Assert.That(frames.Concat(frames6).Where(frame => frame.IPv6 is { } packet && !IsKernelsOwn(packet)), Is.Empty);
        Assert.That(frames6.Where(frame => frame.Udp is not null), Is.Empty);
    }

    static async Task UseAsync(LabHost ours, LabHost server, LabHost peer, IPEndPoint service)
    {
        string[] options = ["--client-port", $"{ClientPort}", .. TeredoProgram.Asking(server)];
        Assert.That(await TeredoProgram.RunAsync(ours, "hello\n", ["connect", $"peer.lab:{service.Port}", .. options]), Is.EqualTo("hello"));
        string[] datagram = [$"{peer.EchoDatagramOnce(service.Address)}", .. options];
        Assert.That(await TeredoProgram.EchoDatagramAsync(ours, "hello", datagram), Is.EqualTo("hello"));
        var listener = await TeredoProgram.ListenAsync(ours, server, "5000", "--echo", "--client-port", $"{ClientPort}");
        await peer.CallEchoAsync(listener.EndPoint);
        listener.Process.Send(Signal.Terminate);
        await listener.Process.WaitForExitAsync();
    }

    static bool IsReset(byte[] payload) => payload.Length > 53 && payload[0] >> 4 == 6 && payload[6] == Tcp && (payload[53] & 4) != 0;

    static bool IsKernelsOwn(byte[] packet) => packet[6] == HopByHop || (packet[6] == Icmpv6 && packet[40] >= FirstKernelType);
}
