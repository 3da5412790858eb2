using System.Security.Cryptography;
using System.Text;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>How the code of a test runs in the simulated internet: on one thread, the same each time, and with a clear word when it leaves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SimulatedRunTests
{
    readonly SimulatedInternet _internet = new(seed: 5);

    Task Pass(TimeSpan time) => Task.Delay(time, _internet.TimeProvider);

    [Test]
    public async Task SameSeed_SamePackets_AtTheSameInstants()
    {
        string one = await TraceAsync(11), again = await TraceAsync(11), other = await TraceAsync(12);
        Assert.That(again, Is.EqualTo(one));
        Assert.That(other, Is.Not.EqualTo(one));
    }

    // Some nodes at once, that ping, connect, send and are given up, over paths that lose and delay.
    static async Task<string> TraceAsync(ulong seed)
    {
        var internet = new SimulatedInternet(seed) { Loss = 0.02, Jitter = TimeSpan.FromMilliseconds(20) };
        internet.Server();
        using var trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        internet.DatagramSent += datagram =>
        {
            trace.AppendData(Encoding.ASCII.GetBytes($"{datagram.Time.SinceStart.Ticks} {datagram.From.Name} {datagram.Source} {datagram.Target} "));
            trace.AppendData(datagram.Payload.Span);
        };
        await internet.RunAsync(async () =>
        {
            var nodes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => internet.Nat(NatKind.PortRestricted).Host($"host{i}").StartNodeAsync()));
            await using var listener = await nodes[0].ListenAsync(4242);
            var serving = Enumerable.Range(1, 5).Select(_ => EchoAsync(listener)).ToArray();
            await Task.WhenAll(nodes.Skip(1).Select(async node =>
            {
                await node.PingAsync(nodes[0].Address!, TimeSpan.FromSeconds(2)).ConfigureAwait(false);
                await using var caller = await node.ConnectAsync(listener.TeredoEndPoint!).ConfigureAwait(false);
                byte[] sent = new byte[30_000];
                var writing = caller.GetStream().WriteAsync(sent).ConfigureAwait(false);
                await caller.GetStream().ReadExactlyAsync(sent).ConfigureAwait(false);
                await writing;
                caller.CompleteWriting();
            }));
            await Task.WhenAll(serving);
            using var giveUp = new CancellationTokenSource();
            var ping = nodes[1].PingAsync(nodes[2].Address!, TimeSpan.FromMinutes(1), giveUp.Token);
            giveUp.Cancel();
            await Assert.ThatAsync(() => ping, Throws.InstanceOf<OperationCanceledException>());
            await nodes[3].DisposeAsync();
            await Task.Delay(TimeSpan.FromMinutes(2), internet.TimeProvider);
        }).InTime();
        return Convert.ToHexString(trace.GetHashAndReset());
    }

    static async Task EchoAsync(TeredoListener listener)
    {
        await using var peer = await listener.AcceptAsync();
        await peer.GetStream().CopyToAsync(peer.GetStream());
    }

    [Test]
    public async Task CodeStaysOnOneThread_AndTimeIsVirtual()
    {
        var begin = _internet.TimeProvider.GetUtcNow();
        await _internet.RunAsync(async () =>
        {
            var thread = Thread.CurrentThread;
            await Pass(TimeSpan.FromHours(20));
            Assert.That(Thread.CurrentThread, Is.SameAs(thread));
            await Pass(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
            Assert.That(Thread.CurrentThread, Is.SameAs(thread), "also without the context");
        }).InTime();
        Assert.That(_internet.TimeProvider.GetUtcNow() - begin, Is.EqualTo(TimeSpan.FromHours(20) + TimeSpan.FromSeconds(1)));
    }

    [Test]
    public async Task PeriodicTimer_TicksInVirtualTime()
    {
        List<double> ticks = [];
        await _internet.RunAsync(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10), _internet.TimeProvider);
            while (ticks.Count < 3 && await timer.WaitForNextTickAsync())
                ticks.Add(_internet.Now.SinceStart.TotalSeconds);
        }).InTime();
        Assert.That(ticks, Is.EqualTo(new[] { 10d, 20, 30 }));
    }

    [Test]
    public void CodeThatGoesOnOnThePool_IsNamed()
    {
        var e = Assert.ThrowsAsync<InvalidOperationException>(() => _internet.RunAsync(WaitOutsideAsync).InTime())!;
        Assert.That(e.Message, Does.Contain("Another thread").And.Contain(nameof(WaitOutsideAsync)).And.Contain("Task.Run"));
    }

    static async Task WaitOutsideAsync() => await Task.Run(() => Thread.Sleep(1));

    [Test]
    public void NodeThatThePoolUses_IsNamed()
    {
        _internet.Server();
        var e = Assert.ThrowsAsync<InvalidOperationException>(() => _internet.RunAsync(async () =>
        {
            var node = await _internet.Host("alice").StartNodeAsync();
            await Task.Run(() => PingFromOutside(node));
        }).InTime())!;
        Assert.That(e.Message, Does.Contain("Another thread").And.Contain(nameof(PingFromOutside)));
    }

    static void PingFromOutside(TeredoNode node) => node.PingAsync(node.Address!, TimeSpan.FromSeconds(1)).Wait(TimeSpan.FromSeconds(1));

    [Test]
    public void CodeThatWaitsForNothing_IsTold() => Assert.That(() => _internet.RunAsync(() => new TaskCompletionSource().Task).InTime(),
        Throws.InvalidOperationException.With.Message.Contains("nothing is left that could happen"));

    [Test]
    public void CodeThatNeverEnds_IsEnded()
    {
        Assert.That(() => _internet.RunAsync(() => Pass(TimeSpan.FromHours(2)), TimeSpan.FromHours(1)).InTime(), Throws.TypeOf<TimeoutException>());
        Assert.That(() => _internet.RunAsync(async () =>
        {
            while (true)
                await Task.Yield();
        }).InTime(), Throws.InvalidOperationException.With.Message.Contains("Time stands still"));
    }

    [Test]
    public void CodeThatBlocksTheThread_IsTold()
    {
        var e = Assert.ThrowsAsync<InvalidOperationException>(() => _internet.RunAsync(() =>
        {
            Pass(TimeSpan.FromSeconds(1)).Wait();
            return Task.CompletedTask;
        }).InTime())!;
        Assert.That(e.Message, Does.Contain("blocks its thread"));
    }

    [Test]
    public async Task FailureOfTheCode_IsThatOfTheRun_AndNodesEnd()
    {
        _internet.Server();
        TeredoNode? node = null;
        Assert.That(() => _internet.RunAsync(async () =>
        {
            node = await _internet.Host("alice").StartNodeAsync();
            throw new NotSupportedException("of the test");
        }).InTime(), Throws.TypeOf<NotSupportedException>());
        Assert.That(node!.Report.State, Is.EqualTo(TeredoState.Stopped));
        await node.DisposeAsync().InTime(); // once more
    }

    [Test]
    public async Task Misuse_IsRefusedWithASentence()
    {
        Assert.That(() => _internet.Host("alice").StartNodeAsync(), Throws.InvalidOperationException.With.Message.Contains("RunAsync"));
        Assert.That(() => _internet.RunAsync(() => Task.CompletedTask, TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
        await _internet.RunAsync(() =>
        {
            Assert.That(() => _internet.RunFor(TimeSpan.FromSeconds(1)), Throws.InvalidOperationException.With.Message.Contains("RunAsync"));
            return Task.CompletedTask;
        }).InTime();
        Assert.That(() => _internet.RunAsync(() => _internet.RunAsync(() => Task.CompletedTask)).InTime(),
            Throws.InvalidOperationException.With.Message.Contains("already"));
    }

    [Test]
    public async Task WithoutAServer_TheNodeSaysSo()
    {
        await _internet.RunAsync(async () =>
        {
            await Assert.ThatAsync(() => _internet.Host("alice").StartNodeAsync(new() { Servers = ["server"] }),
                Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.ServerNotResolved));
            _internet.Server();
            var node = await _internet.Host("bob").StartNodeAsync(new() { Servers = ["server"] }); // by its name
            Assert.That(node.Report.Server, Is.EqualTo(_internet.Servers[0].Address.Primary.ToIPAddress()));
        }).InTime();
    }

    [Test]
    public void PortThatIsTaken_IsTold() => Assert.That(() => _internet.RunAsync(async () =>
    {
        _internet.Server();
        var host = _internet.Host("alice");
        host.Bind(4000);
        await host.StartNodeAsync(new() { ClientPort = 4000 });
    }).InTime(), Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.PortUnavailable));
}
