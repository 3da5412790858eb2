using System.Net.NetworkInformation;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>Nodes behind NATs of the simulated internet, in virtual time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class NatTests
{
    readonly SimulatedInternet _internet = new(seed: 7);

    public NatTests() => _internet.Server();

    static Task<TeredoNode> StartAsync(SimulatedNetwork network, string name) => network.Host(name).StartNodeAsync();

    Task Pass(int seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), _internet.TimeProvider);

    Task RunAsync(Func<Task> code) => _internet.RunAsync(code).InTime();

    [TestCase(NatKind.Cone, NatKind.Cone, "restricted")] // a cone shows only when somebody gets in unasked
    [TestCase(NatKind.PortRestricted, NatKind.PortRestricted, "restricted")]
    [TestCase(NatKind.AddressRestricted, NatKind.PortSymmetric, "symmetric")]
    public Task Datagrams_GoBothWaysThroughTwoNats(NatKind callers, NatKind listeners, string name) => RunAsync(async () =>
    {
        var alice = await StartAsync(_internet.Nat(callers), "alice");
        var bob = await StartAsync(_internet.Nat(listeners), "bob");
        var listener = await bob.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1 }, listener.TeredoEndPoint!);
        var request = await listener.ReceiveAsync();
        await listener.SendToAsync(new byte[] { 2 }, request.RemoteEndPoint);
        Assert.That((await caller.ReceiveAsync()).Buffer, Is.EqualTo(new byte[] { 2 }));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.Yes));
        Assert.That(bob.Report.NatName, Is.EqualTo(name));
        Assert.That(bob.Report.MappedEndPoint, Is.Not.EqualTo(bob.Report.LocalEndPoint));
    });

    [Test]
    public Task Datagrams_BetweenTwoSymmetricNats_FailWithTheCause() => RunAsync(async () =>
    {
        var alice = await StartAsync(_internet.Nat(NatKind.AddressSymmetric), "alice");
        var bob = await StartAsync(_internet.Nat(NatKind.AddressSymmetric), "bob");
        await bob.BindDatagramAsync(4242);
        var begin = _internet.Now;
        var reply = await alice.PingAsync(bob.Address!, TimeSpan.FromSeconds(60));
        Assert.That(_internet.Now - begin, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(12)));
        Assert.That(reply.Status, Is.EqualTo(IPStatus.DestinationHostUnreachable));
        Assert.That(reply.Problem, Does.Contain("answers through its server").And.Contain("symmetric"));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.NotChecked));
    });

    [Test]
    public Task NatReboots_SocketTellsTheNewAddressWithinARefreshInterval() => RunAsync(async () =>
    {
        var nat = _internet.Nat(NatKind.PortRestricted);
        var alice = await StartAsync(_internet.Nat(NatKind.PortRestricted), "alice");
        var bob = await StartAsync(nat, "bob");
        var listener = await bob.BindDatagramAsync(4242);
        await using var changes = bob.StateChanges.GetAsyncEnumerator();
        var before = bob.Address;
        nat.ChangeAddress();
        await Pass(30 + 12);
        Assert.That(await changes.MoveNextAsync(), Is.True);
        Assert.That(changes.Current, Is.EqualTo(new TeredoStateChange
        {
            Kind = TeredoStateChangeKind.AddressChanged,
            Address = bob.Address,
            PreviousAddress = before,
        }));
        Assert.That(listener.TeredoEndPoint!.Address, Is.EqualTo(bob.Address).And.Not.EqualTo(before));

        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1 }, listener.TeredoEndPoint!);
        Assert.That((await listener.ReceiveAsync()).RemoteEndPoint, Is.EqualTo(caller.TeredoEndPoint));
    });

    [Test]
    public Task Report_NamesTheMapping() => RunAsync(async () =>
    {
        var node = await StartAsync(_internet.Nat(NatKind.PortRestricted), "alice");
        Assert.That(node.Report.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
        Assert.That(node.Report.Filtering, Is.EqualTo(FilteringBehaviour.NotChecked));
    });
}
