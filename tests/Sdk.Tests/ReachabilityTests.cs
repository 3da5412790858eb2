using System.Net;
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

    SimulatedServer Server(bool stranger = true) =>
        _internet.Server(options => options with { Reflector = stranger ? IPv4Address.Parse(Stranger) : null });

    static Task<TeredoNode> StartAsync(SimulatedNetwork network, string name = "node") => network.Host(name).StartNodeAsync();

    Task RunAsync(Func<Task> code) => _internet.RunAsync(code).InTime();

    [TestCase(NatKind.Cone, FilteringBehaviour.EndpointIndependent, "cone")]
    [TestCase(NatKind.AddressRestricted, FilteringBehaviour.AddressDependent, "restricted")]
    [TestCase(NatKind.SequentialSymmetric, FilteringBehaviour.AddressAndPortDependent, "symmetric")]
    public Task Check_IsInTheReport_AndSaidAgainWhenItCantBeRepeated(NatKind kind, FilteringBehaviour filtering, string name) => RunAsync(async () =>
    {
        Server();
        var node = await StartAsync(_internet.Nat(kind));
        Assert.That(node.Report.Reachability, Is.EqualTo(Reachability.NotChecked));
        var check = await node.CheckReachabilityAsync();
        Assert.That(check, Is.EqualTo(new ReachabilityCheck { Reachability = Reachability.Yes, Filtering = filtering, Stranger = IPAddress.Parse(Stranger) }));
        Assert.That(node.Report, Has.Property("Reachability").EqualTo(Reachability.Yes).And.Property("Filtering").EqualTo(filtering)
            .And.Property("NatName").EqualTo(name).And.Property("SequentialPorts").EqualTo(kind == NatKind.SequentialSymmetric));
        Assert.That(await node.CheckReachabilityAsync(), Is.EqualTo(check), "our own bubble has opened the NAT towards the stranger");
    });

    [Test]
    public Task Check_WhenNothingComesIn_IsANo_UntilSomebodyGetsIn() => RunAsync(async () =>
    {
        Server().ReflectorIsRunning = false;
        var node = await StartAsync(_internet.Nat(NatKind.PortRestricted));
        var check = await node.CheckReachabilityAsync();
        Assert.That(check.Reachability, Is.EqualTo(Reachability.No));
        Assert.That(check.Finding, Has.Property("Id").EqualTo(FindingIds.ReachabilityNone).And.Property("Severity").EqualTo(FindingSeverity.Error));
        Assert.That(check.Finding!.Sentence, Does.Contain(Stranger).And.Contain($"port {node.Report.LocalEndPoint!.Port} "));
        Assert.That(node.Report, Has.Property("Reachability").EqualTo(Reachability.No).And.Property("Findings").EqualTo(new[] { check.Finding }));

        var listener = await node.BindDatagramAsync(4242);
        var caller = await (await StartAsync(_internet.Nat(NatKind.PortRestricted), "caller")).BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1 }, listener.TeredoEndPoint!);
        await listener.ReceiveAsync();
        Assert.That(node.Report, Has.Property("Reachability").EqualTo(Reachability.Yes).And.Property("Findings").Empty);
    });

    [Test]
    public Task Check_OfANewAddress_BeginsAnew() => RunAsync(async () =>
    {
        Server().ReflectorIsRunning = false;
        var nat = _internet.Nat(NatKind.PortRestricted);
        var node = await StartAsync(nat);
        await node.CheckReachabilityAsync();
        nat.ChangeAddress();
        await Task.Delay(TimeSpan.FromSeconds(60), _internet.TimeProvider);
        Assert.That(node.Report, Has.Property("State").EqualTo(TeredoState.Qualified).And.Property("Reachability").EqualTo(Reachability.NotChecked));
    });

    [Test]
    public Task Check_AtAServerWithoutStranger_IsNotChecked_AndSharedByAllWhoAsk() => RunAsync(async () =>
    {
        var server = Server(stranger: false);
        var node = await StartAsync(_internet.Nat(NatKind.Cone));
        var (one, two) = (node.CheckReachabilityAsync(), node.CheckReachabilityAsync());
        var check = await one;
        Assert.That(await two, Is.EqualTo(check));
        Assert.That(check.Reachability, Is.EqualTo(Reachability.NotChecked));
        Assert.That(check.Finding, Has.Property("Id").EqualTo(FindingIds.ReachabilityNotChecked).And.Property("Severity").EqualTo(FindingSeverity.Warning));
        Assert.That(check.Finding!.Sentence, Does.Contain($"{server.Address.Primary}").And.Contain("--reflect-address"));
        Assert.That(server.Core.Drops[DropReason.TooLarge], Is.EqualTo(3), "three requests in all");
    });

    [Test]
    public Task Check_OfANodeThatIsDisposed_OrGivenUp_Ends() => RunAsync(async () =>
    {
        Server(stranger: false);
        var node = await StartAsync(_internet.Nat(NatKind.Cone));
        using var giveUp = new CancellationTokenSource();
        var (one, two) = (node.CheckReachabilityAsync(giveUp.Token), node.CheckReachabilityAsync());
        giveUp.Cancel();
        await Assert.ThatAsync(() => one, Throws.TypeOf<TaskCanceledException>());
        await node.DisposeAsync();
        await Assert.ThatAsync(() => two, Throws.TypeOf<ObjectDisposedException>());
        Assert.Throws<ObjectDisposedException>(() => node.CheckReachabilityAsync());
    });

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
