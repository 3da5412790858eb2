using System.Net;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>A node finds out whether strangers get in, and reports it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReachabilityTests
{
    const string Stranger = "11.9.9.9";

    readonly SimulatedInternet _internet = new(seed: 7);
    readonly List<TeredoNode> _nodes = [];
    int _streams;

    [TearDown]
    public async Task DisposeNodes()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync().InTime();
        _nodes.Clear();
    }

    SimulatedServer Server(bool stranger = true) =>
        _internet.Server(options => options with { Reflector = stranger ? IPv4Address.Parse(Stranger) : null });

    async Task<TeredoNode> StartAsync(SimulatedNetwork network, string name = "node")
    {
        var server = _internet.Servers[0].Address;
        var options = new TeredoOptions
        {
            Servers = [$"{server.Primary},{server.Secondary}"],
            TimeProvider = new SimulatedTime(_internet),
            Provider = TeredoProvider.Embedded,
            Sockets = TeredoSockets.InProcess,
            PortMapping = false, // its answer comes from another thread, whenever that has its turn
        };
        var start = TeredoNode.StartAsync(options, new EngineParts(new SimulatedMachine(network.Host(name)), new LabRandom(_streams++)), default);
        _internet.RunFor(TimeSpan.FromSeconds(1));
        var node = await start.InTime();
        _nodes.Add(node);
        return node;
    }

    async Task<ReachabilityCheck> CheckAsync(TeredoNode node)
    {
        var check = node.CheckReachabilityAsync();
        _internet.RunFor(TimeSpan.FromSeconds(12));
        return await check.InTime();
    }

    [TestCase(NatKind.Cone, FilteringBehaviour.EndpointIndependent, "cone")]
    [TestCase(NatKind.AddressRestricted, FilteringBehaviour.AddressDependent, "restricted")]
    [TestCase(NatKind.SequentialSymmetric, FilteringBehaviour.AddressAndPortDependent, "symmetric")]
    public async Task Check_IsInTheReport_AndSaidAgainWhenItCantBeRepeated(NatKind kind, FilteringBehaviour filtering, string name)
    {
        Server();
        var node = await StartAsync(_internet.Nat(kind));
        Assert.That(node.Report.Reachability, Is.EqualTo(Reachability.NotChecked));
        var check = await CheckAsync(node);
        Assert.That(check, Is.EqualTo(new ReachabilityCheck { Reachability = Reachability.Yes, Filtering = filtering, Stranger = IPAddress.Parse(Stranger) }));
        Assert.That(node.Report, Has.Property("Reachability").EqualTo(Reachability.Yes).And.Property("Filtering").EqualTo(filtering)
            .And.Property("NatName").EqualTo(name).And.Property("SequentialPorts").EqualTo(kind == NatKind.SequentialSymmetric));
        Assert.That(await CheckAsync(node), Is.EqualTo(check), "our own bubble has opened the NAT towards the stranger");
    }

    [Test]
    public async Task Check_WhenNothingComesIn_IsANo_UntilSomebodyGetsIn()
    {
        Server().ReflectorIsRunning = false;
        var node = await StartAsync(_internet.Nat(NatKind.PortRestricted));
        var check = await CheckAsync(node);
        Assert.That(check.Reachability, Is.EqualTo(Reachability.No));
        Assert.That(check.Finding, Has.Property("Id").EqualTo(FindingIds.ReachabilityNone).And.Property("Severity").EqualTo(FindingSeverity.Error));
        Assert.That(check.Finding!.Sentence, Does.Contain(Stranger).And.Contain($"port {node.Report.LocalEndPoint!.Port} "));
        Assert.That(node.Report, Has.Property("Reachability").EqualTo(Reachability.No).And.Property("Findings").EqualTo(new[] { check.Finding }));

        var listener = await node.BindDatagramAsync(4242);
        var caller = await (await StartAsync(_internet.Nat(NatKind.PortRestricted), "caller")).BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1 }, listener.TeredoEndPoint!);
        _internet.RunFor(TimeSpan.FromSeconds(10));
        await listener.ReceiveAsync().InTime();
        Assert.That(node.Report, Has.Property("Reachability").EqualTo(Reachability.Yes).And.Property("Findings").Empty);
    }

    [Test]
    public async Task Check_OfANewAddress_BeginsAnew()
    {
        Server().ReflectorIsRunning = false;
        var nat = _internet.Nat(NatKind.PortRestricted);
        var node = await StartAsync(nat);
        await CheckAsync(node);
        nat.ChangeAddress();
        _internet.RunFor(TimeSpan.FromSeconds(60));
        Assert.That(node.Report, Has.Property("State").EqualTo(TeredoState.Qualified).And.Property("Reachability").EqualTo(Reachability.NotChecked));
    }

    [Test]
    public async Task Check_AtAServerWithoutStranger_IsNotChecked_AndSharedByAllWhoAsk()
    {
        var server = Server(stranger: false);
        var node = await StartAsync(_internet.Nat(NatKind.Cone));
        var (one, two) = (node.CheckReachabilityAsync(), node.CheckReachabilityAsync());
        _internet.RunFor(TimeSpan.FromSeconds(12));
        var check = await one.InTime();
        Assert.That(await two.InTime(), Is.EqualTo(check));
        Assert.That(check.Reachability, Is.EqualTo(Reachability.NotChecked));
        Assert.That(check.Finding, Has.Property("Id").EqualTo(FindingIds.ReachabilityNotChecked).And.Property("Severity").EqualTo(FindingSeverity.Warning));
        Assert.That(check.Finding!.Sentence, Does.Contain($"{server.Address.Primary}").And.Contain("--reflect-address"));
        Assert.That(server.Core.Drops[DropReason.TooLarge], Is.EqualTo(3), "three requests in all");
    }

    [Test]
    public async Task Check_OfANodeThatIsDisposed_OrGivenUp_Ends()
    {
        Server(stranger: false);
        var node = await StartAsync(_internet.Nat(NatKind.Cone));
        using var giveUp = new CancellationTokenSource();
        var (one, two) = (node.CheckReachabilityAsync(giveUp.Token), node.CheckReachabilityAsync());
        await giveUp.CancelAsync();
        Assert.ThrowsAsync<TaskCanceledException>(() => one.InTime());
        await node.DisposeAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => two.InTime());
        Assert.Throws<ObjectDisposedException>(() => node.CheckReachabilityAsync());
    }

    [Test]
    public async Task Check_WithSocketsOfThisMachine_GetsThrough([Values(TeredoSockets.InProcess, TeredoSockets.Auto)] TeredoSockets sockets)
    {
        await using var loopback = new Loopback();
        var options = loopback.Options;
        options.Sockets = sockets; // kernel sockets where this machine has them
        var node = await loopback.StartAsync(options);
        var check = await node.CheckReachabilityAsync().InTime();
        Assert.That(check, Has.Property("Reachability").EqualTo(Reachability.Yes).And.Property("Stranger").EqualTo(loopback.Stranger));
        Assert.That(loopback.Server.Report.ReflectEndPoint, Is.EqualTo(new IPEndPoint(loopback.Stranger, 3545)));
    }
}
