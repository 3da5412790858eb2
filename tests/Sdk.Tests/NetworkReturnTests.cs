using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests;

/// <summary>A node whose network goes and comes back (docs/protocol §3.2).</summary>
public sealed class NetworkReturnTests
{
    const string Here = "203.0.113.10";

    static readonly NetworkGateway Gateway = new() { Address = IPv4Address.Parse("203.0.113.1"), LinkAddress = 0x02_00_00_00_00_01 };

    [TestCase(true), TestCase(false)]
    public async Task Node_KeepsAddressPortAndSockets_IfTheNetworkIsTheSame(bool same)
    {
        await using var lab = new Lab { Gateway = Gateway };
        lab.StartServer();
        var node = await lab.StartAsync(Here);
        var machine = lab.Machine;
        var friend = await lab.StartAsync("203.0.113.20");
        await using var open = await node.BindDatagramAsync(4242).InTime();
        await using var caller = await friend.BindDatagramAsync(0).InTime();
        var (address, port) = (node.Address, node.Report.LocalEndPoint!.Port);
        var before = new IPEndPoint(address!, 4242);

        machine.Move(null);
        lab.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Suppressed));
        machine.Gateway = same ? Gateway : Gateway with { LinkAddress = 7 };
        machine.Move(Here);
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Qualified, TimeSpan.FromSeconds(5));

        Assert.That(node.Report.LocalEndPoint!.Port == port, Is.EqualTo(same), "another network gets a fresh port");
        Assert.That(node.Address!.Equals(address), Is.EqualTo(same));
        if (!same)
            return;
        await caller.SendToAsync(new byte[] { 1 }, before).InTime();
        lab.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.That((await open.ReceiveAsync().InTime()).Buffer, Is.EqualTo(new byte[] { 1 }));
    }
    // Without a packet the system has no entry for its neighbour.
    [Test]
    public async Task Gateway_ThatIsKnownOnceAPacketWent_IsRemembered()
    {
        await using var lab = new Lab();
        lab.StartServer();
        lab.Network.Passes = (_, _, _) =>
        {
            lab.Machine.Gateway = Gateway;
            return true;
        };
        var node = await lab.StartAsync(Here);
        int port = node.Report.LocalEndPoint!.Port;
        lab.Machine.Move(null);
        lab.Time.Advance(TimeSpan.FromSeconds(1));
        lab.Machine.Move(Here);
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Qualified, TimeSpan.FromSeconds(5));
        Assert.That(node.Report.LocalEndPoint!.Port, Is.EqualTo(port), "the same network");
    }

    [Test]
    public async Task Network_IsLookedAtAgain_WhenAnAnswerIsMissing_AndNotBefore()
    {
        await using var lab = new Lab { Gateway = Gateway };
        lab.StartServer();
        var log = new Recorder();
        await lab.StartAsync(Here, options => options.LoggerFactory = log);
        lab.Machine.Gateway = Gateway with { LinkAddress = 7 }; // and the system does not tell
        int before = log.Of(EventIds.NetworkChanged).Count;
        lab.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.That(log.Of(EventIds.NetworkChanged), Has.Count.EqualTo(before), "the server answers");
        lab.Network.Passes = (_, _, _) => false;
        lab.Time.AdvanceUntil(() => log.Of(EventIds.NetworkChanged).Count > before, TimeSpan.FromMinutes(1));
    }
}
