using System.Net.NetworkInformation;
using TeredoSdk.Engine;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>Nodes behind NATs of the simulated internet, in virtual time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class NatTests
{
    readonly SimulatedInternet _internet = new(seed: 7);
    readonly List<TeredoNode> _nodes = [];
    int _streams;

    public NatTests() => _internet.Server();

    [TearDown]
    public async Task DisposeNodes()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync().InTime();
        _nodes.Clear();
    }

    async Task<(TeredoNode, SimulatedMachine)> StartAsync(SimulatedNetwork network, string name)
    {
        var machine = new SimulatedMachine(network.Host(name));
        var server = _internet.Servers[0].Address;
        var options = new TeredoOptions
        {
            Servers = [$"{server.Primary},{server.Secondary}"],
            AllowPrivateAddresses = true,
            TimeProvider = new SimulatedTime(_internet),
            Provider = TeredoProvider.Embedded,
            Sockets = TeredoSockets.InProcess,
            PortMapping = false, // its answer comes from another thread, whenever that has its turn
        };
        var start = TeredoNode.StartAsync(options, new EngineParts(machine, new LabRandom(_streams++)), default);
        _internet.RunFor(TimeSpan.FromSeconds(1));
        var node = await start.InTime();
        _nodes.Add(node);
        return (node, machine);
    }

    [TestCase(NatKind.Cone, NatKind.Cone, "restricted")] // a cone shows only when somebody gets in unasked
    [TestCase(NatKind.PortRestricted, NatKind.PortRestricted, "restricted")]
    [TestCase(NatKind.AddressRestricted, NatKind.PortSymmetric, "symmetric")]
    public async Task Datagrams_GoBothWaysThroughTwoNats(NatKind callers, NatKind listeners, string name)
    {
        var (alice, _) = await StartAsync(_internet.Nat(callers), "alice");
        var (bob, _) = await StartAsync(_internet.Nat(listeners), "bob");
        var listener = await bob.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1 }, listener.TeredoEndPoint!);
        _internet.RunFor(TimeSpan.FromSeconds(10));
        var request = await listener.ReceiveAsync().InTime();
        await listener.SendToAsync(new byte[] { 2 }, request.RemoteEndPoint);
        _internet.RunFor(TimeSpan.FromSeconds(1));
        Assert.That((await caller.ReceiveAsync().InTime()).Buffer, Is.EqualTo(new byte[] { 2 }));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.Yes));
        Assert.That(bob.Report.NatName, Is.EqualTo(name));
        Assert.That(bob.Report.MappedEndPoint, Is.Not.EqualTo(bob.Report.LocalEndPoint));
    }

    [Test]
    public async Task Datagrams_BetweenTwoSymmetricNats_FailWithTheCause()
    {
        var (alice, _) = await StartAsync(_internet.Nat(NatKind.AddressSymmetric), "alice");
        var (bob, _) = await StartAsync(_internet.Nat(NatKind.AddressSymmetric), "bob");
        await bob.BindDatagramAsync(4242);
        var ping = alice.PingAsync(bob.Address!, TimeSpan.FromSeconds(60));
        _internet.RunFor(TimeSpan.FromSeconds(12));
        var reply = await ping.InTime();
        Assert.That(reply.Status, Is.EqualTo(IPStatus.DestinationHostUnreachable));
        Assert.That(reply.Problem, Does.Contain("answers through its server").And.Contain("symmetric"));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.NotChecked));
    }

    [Test]
    public async Task NatReboots_SocketTellsTheNewAddressWithinARefreshInterval()
    {
        var nat = _internet.Nat(NatKind.PortRestricted);
        var (alice, _) = await StartAsync(_internet.Nat(NatKind.PortRestricted), "alice");
        var (bob, _) = await StartAsync(nat, "bob");
        var listener = await bob.BindDatagramAsync(4242);
        await using var changes = bob.StateChanges.GetAsyncEnumerator();
        var before = bob.Address;
        nat.ChangeAddress();
        _internet.RunFor(TimeSpan.FromSeconds(30 + 12));
        Assert.That(await changes.NextAsync(), Is.EqualTo(new TeredoStateChange
        {
            Kind = TeredoStateChangeKind.AddressChanged,
            Address = bob.Address,
            PreviousAddress = before,
        }));
        Assert.That(listener.TeredoEndPoint!.Address, Is.EqualTo(bob.Address).And.Not.EqualTo(before));

        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1 }, listener.TeredoEndPoint!);
        _internet.RunFor(TimeSpan.FromSeconds(10));
        Assert.That((await listener.ReceiveAsync().InTime()).RemoteEndPoint, Is.EqualTo(caller.TeredoEndPoint));
    }

    [Test]
    public async Task Report_NamesTheMapping()
    {
        var (node, _) = await StartAsync(_internet.Nat(NatKind.PortRestricted), "alice");
        Assert.That(node.Report.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
        Assert.That(node.Report.Filtering, Is.EqualTo(FilteringBehaviour.NotChecked));
    }
}
