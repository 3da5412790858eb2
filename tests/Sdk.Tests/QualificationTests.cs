using System.Net;
using TeredoSdk.Engine;

namespace TeredoSdk.Tests;

/// <summary>Starting a node, and what becomes of its address, in virtual time.</summary>
public sealed class QualificationTests
{
    const string Alice = "203.0.113.10";

    [Test]
    public async Task Start_FirstServerIsDead_FailsOverAfterThreeSolicitations()
    {
        await using var lab = new Lab();
        lab.StartServer(Lab.SecondServerAddress);
        var asked = lab.CountSolicitations(Lab.ServerAddress);
        var start = lab.BeginStart(Alice, options => options.Servers = [Lab.ServerAddress, Lab.SecondServerAddress]);
        lab.Time.Advance(TimeSpan.FromSeconds(11.9));
        Assert.That(start.IsCompleted, Is.False);
        lab.Time.Advance(TimeSpan.FromSeconds(0.2)); // 3 x 4 s (RFC 4380 §5.2.1)
        await using var node = await start.InTime();
        Assert.That(asked(), Is.EqualTo(3));
        Assert.That(node.Report.Server, Is.EqualTo(IPAddress.Parse(Lab.SecondServerAddress)));
    }

    [Test]
    public async Task Start_NoServerAnswers_FailsWithAdviceAndLeavesNothing()
    {
        await using var lab = new Lab();
        var start = lab.BeginStart(Alice);
        lab.Time.Advance(TimeSpan.FromSeconds(12.1));
        var e = Assert.ThrowsAsync<TeredoException>(() => start.InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.ServerUnreachable));
        Assert.That(e.Message, Does.Contain(Lab.ServerAddress).And.Contain("UDP"));
        Assert.That(lab.Machine.IsWatched, Is.False);
    }

    [Test]
    public async Task Start_TakesLongerThanTheTimeout_FailsThen()
    {
        await using var lab = new Lab();
        var start = lab.BeginStart(Alice, options => options.QualificationTimeout = TimeSpan.FromSeconds(5));
        lab.Time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.That(start.IsCompleted, Is.False);
        lab.Time.Advance(TimeSpan.FromSeconds(0.2));
        var e = Assert.ThrowsAsync<TeredoException>(() => start.InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.QualificationTimeout));
        Assert.That(e.Message, Does.Contain(nameof(TeredoOptions.QualificationTimeout)));
    }

    [Test]
    public async Task Start_NoIPv4_WaitsWhenTheOptionsSaySo()
    {
        await using var lab = new Lab { Names = name => name == "teredo.lab" ? Lab.ServerAddress : null };
        lab.StartServer();
        foreach (string server in new[] { Lab.ServerAddress, "teredo.lab" })
        {
            var machine = lab.Network.Host(Alice);
            machine.Move(null);
            var options = lab.Options;
            (options.WaitForNetwork, options.Servers) = (true, [server]);
            var start = TeredoNode.StartAsync(options, new EngineParts(machine, new LabRandom(0)), default);
            lab.Time.Advance(TimeSpan.FromHours(1));
            Assert.That(start.IsCompleted, Is.False, "nothing but a network helps, and no time limit ends the wait");
            machine.Names = lab.Names;
            machine.Move(Alice);
            await using var node = await start.InTime();
            Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
        }
    }

    [Test]
    public async Task Start_NetworkThatComesWhileTheNameIsAskedFor_AsksAgain()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var machine = lab.Network.Host(Alice);
        machine.Move(null);
        machine.Names = _ =>
        {
            machine.Names = _ => Lab.ServerAddress;
            machine.Move(Alice);
            return null; // the answer of a machine without a network, which arrives when there is one
        };
        var options = lab.Options;
        (options.WaitForNetwork, options.Servers) = (true, ["teredo.lab"]);
        await using var node = await TeredoNode.StartAsync(options, new EngineParts(machine, new LabRandom(0)), default).InTime();
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
    }

    [Test]
    public async Task Bind_WhileTheNetworkIsAway_WaitsWhenTheOptionsSaySo()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice, options => options.WaitForNetwork = true);
        lab.Machine.Move(null);
        var bind = node.BindDatagramAsync(4242);
        lab.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(bind.IsCompleted, Is.False);
        Assert.That(node.Report.Problem, Does.Contain("no IPv4 route"));
        lab.Machine.Move(Alice);
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Qualified, TimeSpan.FromMinutes(1));
        await using var socket = await bind.InTime();
    }

    [Test]
    public async Task Start_NameThatNobodyHas_FailsAlthoughTheOptionsSayWait()
    {
        await using var lab = new Lab();
        var e = Assert.ThrowsAsync<TeredoException>(() => lab.BeginStart(Alice, options => (options.WaitForNetwork, options.Servers) = (true, ["nowhere.lab"])).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.ServerNotResolved));
        Assert.That(lab.Machine.IsWatched, Is.False);
    }

    [Test]
    public async Task Start_NoIPv4_FailsAtOnce()
    {
        await using var lab = new Lab();
        var machine = lab.Network.Host(Alice);
        machine.Move(null);
        var e = Assert.ThrowsAsync<TeredoException>(() => TeredoNode.StartAsync(lab.Options, new EngineParts(machine, lab.NextRandom()), default).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.NetworkUnavailable));
    }

    [Test]
    public async Task Start_SecondaryIsRequiredAndSilent_SaysSo()
    {
        await using var lab = new Lab();
        lab.StartServer();
        lab.Network.Passes = (from, _, _) => from.Address.ToString() != "192.0.2.2";
        var start = lab.BeginStart(Alice, options => options.RequireSecondary = true);
        lab.Time.Advance(TimeSpan.FromSeconds(12.1));
        var e = Assert.ThrowsAsync<TeredoException>(() => start.InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.SecondaryUnreachable));
        Assert.That(e.Message, Does.Contain("192.0.2.2"));
    }

    [Test]
    public async Task Start_Cancelled_LeavesNothing()
    {
        await using var lab = new Lab();
        using var cancellation = new CancellationTokenSource();
        var start = lab.BeginStart(Alice, cancellationToken: cancellation.Token);
        Assert.That(lab.Network.OpenSockets, Is.EqualTo(1));
        await cancellation.CancelAsync();
        Assert.ThrowsAsync<TaskCanceledException>(() => start.InTime());
        Assert.That(lab.Network.OpenSockets, Is.Zero);
    }

    [Test]
    public async Task ServerStops_AddressIsLost_AndRegainedWhenItIsBack()
    {
        await using var lab = new Lab();
        var server = lab.StartServer();
        var node = await lab.StartAsync(Alice);
        await using var socket = await node.BindDatagramAsync(4242);
        await using var changes = node.StateChanges.GetAsyncEnumerator();
        var address = node.Address;

        await server.DisposeAsync();
        lab.Time.AdvanceUntil(() => node.Address is null, TimeSpan.FromSeconds(30 + 12)); // a refresh interval and three solicitations
        Assert.That(await changes.NextAsync(), Is.EqualTo(new TeredoStateChange
        {
            Kind = TeredoStateChangeKind.Lost,
            PreviousAddress = address,
        }));
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Offline, TimeSpan.FromSeconds(12));
        var report = node.Report;
        Assert.That(report.Error, Is.EqualTo(TeredoError.ServerUnreachable));
        Assert.That(report.RetryAt, Is.GreaterThan(lab.Time.GetUtcNow()));
        Assert.That(report.Reachability, Is.EqualTo(Reachability.No));
        Assert.That(socket.TeredoEndPoint, Is.Null);
        Assert.ThrowsAsync<TeredoException>(() => node.BindDatagramAsync(0).InTime());
        var unsent = Assert.ThrowsAsync<TeredoException>(() => socket.SendToAsync(new byte[1], new(address!, 1)).InTime())!;
        Assert.That(unsent.Error, Is.EqualTo(TeredoError.NoAddress));

        lab.StartServer();
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Qualified, TimeSpan.FromSeconds(100));
        var regained = await changes.NextAsync();
        Assert.That(regained, Is.EqualTo(new TeredoStateChange
        {
            Kind = TeredoStateChangeKind.Regained,
            Address = node.Address,
            PreviousAddress = address,
        }));
        Assert.That(socket.TeredoEndPoint, Is.EqualTo(new IPEndPoint(node.Address!, 4242)));
        Assert.That(node.Report.Problem, Is.Null);
    }

    [Test]
    public async Task ServerStops_AnotherOneIsTakenWithin15Seconds()
    {
        await using var lab = new Lab();
        var server = lab.StartServer();
        lab.StartServer(Lab.SecondServerAddress);
        var node = await lab.StartAsync(Alice, options => options.Servers = [Lab.ServerAddress, Lab.SecondServerAddress]);
        await using var changes = node.StateChanges.GetAsyncEnumerator();
        await server.DisposeAsync();
        var asked = lab.CountSolicitations(Lab.ServerAddress);
        lab.Time.AdvanceUntil(() => asked() == 1, TimeSpan.FromSeconds(30));
        lab.Time.AdvanceUntil(() => node.Report.Server!.ToString() == Lab.SecondServerAddress && node.Report.State == TeredoState.Qualified, TimeSpan.FromSeconds(15));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Lost));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Regained));
    }

    [Test]
    public async Task ServersNameLeadsElsewhere_TheNewServerIsAskedWhenTheOldOneIsSilent()
    {
        await using var lab = new Lab();
        var server = lab.StartServer();
        lab.StartServer(Lab.SecondServerAddress);
        lab.Names = _ => Lab.ServerAddress;
        var node = await lab.StartAsync(Alice, options => options.Servers = ["teredo.example.net"]);
        Assert.That(node.Report.Server!.ToString(), Is.EqualTo(Lab.ServerAddress));
        lab.Machine.Names = _ => Lab.SecondServerAddress;
        await server.DisposeAsync();
        lab.Time.AdvanceUntil(() => node.Report.Server!.ToString() == Lab.SecondServerAddress && node.Report.State == TeredoState.Qualified,
            TimeSpan.FromSeconds(30 + 12 + 12));
    }

    [Test]
    public async Task ServersName_ThatResolvesToNoPublicAddress_SaysSo()
    {
        await using var lab = new Lab();
        lab.Names = _ => "192.168.1.1";
        var failure = Assert.ThrowsAsync<TeredoException>(() => lab.BeginStart(Alice, options =>
        {
            options.Servers = ["teredo.example.net"];
            options.AllowPrivateAddresses = false;
        }).InTime())!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.ServerNotResolved));
        Assert.That(failure.Message, Does.Contain("192.168.1.1").And.Contain("public"));
    }

    [Test]
    public async Task MachineMoves_AddressFollows()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        await using var changes = node.StateChanges.GetAsyncEnumerator();
        var before = node.Address;
        lab.Time.Advance(TimeSpan.FromSeconds(2)); // solicitations keep that distance
        lab.Machine.Move("203.0.113.99");
        Assert.That(node.Report.MappedEndPoint!.Address, Is.EqualTo(IPAddress.Parse("203.0.113.99")));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Lost));
        Assert.That(await changes.NextAsync(), Is.EqualTo(new TeredoStateChange
        {
            Kind = TeredoStateChangeKind.Regained,
            Address = node.Address,
            PreviousAddress = before,
        }));
        Assert.That(lab.Network.OpenSockets, Is.EqualTo(3), "the server's two and the new one");
    }

    [Test]
    public async Task NetworkIsGoneAndBack_AddressIsLostAndRegained()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        lab.Machine.Move(null);
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Suppressed));
        Assert.That(node.Report.Error, Is.EqualTo(TeredoError.NetworkUnavailable));
        lab.Time.Advance(TimeSpan.FromSeconds(2)); // solicitations keep that distance
        lab.Machine.Move(Alice);
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
        Assert.That(node.Report.Error, Is.Null);
    }

    [Test]
    public async Task MachineSlept_ServerIsAskedAtTheNextWake()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        var asked = lab.CountSolicitations(Lab.ServerAddress);
        lab.Time.Advance(TimeSpan.FromSeconds(3));
        lab.Time.Sleep(TimeSpan.FromSeconds(4));
        _ = await node.BindDatagramAsync(0);
        Assert.That(asked(), Is.Zero, "4 s may be a clock that was set");
        lab.Time.Sleep(TimeSpan.FromHours(1));
        _ = await node.BindDatagramAsync(0);
        Assert.That(asked(), Is.EqualTo(1));
    }

    [Test]
    public async Task ClockIsSetBack_IsNoSleep()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        var asked = lab.CountSolicitations(Lab.ServerAddress);
        lab.Time.Advance(TimeSpan.FromSeconds(3));
        lab.Time.Sleep(TimeSpan.FromHours(-1));
        _ = await node.BindDatagramAsync(0);
        Assert.That(asked(), Is.Zero);
    }

    [Test]
    public async Task IdleForAnHour_GoesDormant_AndABindWakesIt()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        await using var changes = node.StateChanges.GetAsyncEnumerator();
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Dormant, TimeSpan.FromMinutes(61));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Dormant));
        var asked = lab.CountSolicitations(Lab.ServerAddress);
        lab.Time.Advance(TimeSpan.FromHours(5));
        Assert.That(asked(), Is.Zero);
        await using var socket = await node.BindDatagramAsync(0).InTime();
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Regained));
        Assert.That(socket.TeredoEndPoint, Is.Not.Null);
    }

    [Test]
    public async Task OptedInSocketIsOpen_NeverGoesDormant_UntilItIsClosed()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        var socket = await node.BindDatagramAsync(4242);
        lab.Time.Advance(TimeSpan.FromHours(3));
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
        await socket.DisposeAsync();
        lab.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Dormant));
    }

    [Test]
    public async Task Dispose_EndsEveryWait_AndIsIdempotent()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        var socket = await node.BindDatagramAsync(4242);
        var receive = socket.ReceiveAsync().InTime();
        var ping = node.PingAsync(IPAddress.Parse("2001:0:c000:201:0:3caf:34ff:8e37"), TimeSpan.FromHours(1)).InTime();
        var changes = node.StateChanges.GetAsyncEnumerator();
        var change = changes.MoveNextAsync().InTime();
        await Task.WhenAll(node.DisposeAsync().InTime(), node.DisposeAsync().InTime());
        await node.DisposeAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => receive);
        Assert.ThrowsAsync<ObjectDisposedException>(() => ping);
        Assert.That(await change, Is.False);
        Assert.Throws<ObjectDisposedException>(() => node.BindDatagramAsync(0));
        Assert.ThrowsAsync<ObjectDisposedException>(() => socket.SendToAsync(new byte[1], new(IPAddress.IPv6Loopback, 1)).InTime());
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(node.Address, Is.Null);
        Assert.That(lab.Machine.IsWatched, Is.False);
    }

    [Test]
    public async Task Dispose_WhileABindWaits_EndsIt()
    {
        await using var lab = new Lab();
        var server = lab.StartServer();
        var node = await lab.StartAsync(Alice);
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Dormant, TimeSpan.FromMinutes(61));
        await server.DisposeAsync();
        var bind = node.BindDatagramAsync(0).InTime();
        Assert.That(bind.IsCompleted, Is.False);
        await node.DisposeAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => bind);
    }

    [Test]
    public async Task BindCancelled_FreesThePort()
    {
        await using var lab = new Lab();
        var server = lab.StartServer();
        var node = await lab.StartAsync(Alice);
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Dormant, TimeSpan.FromMinutes(61));
        await server.DisposeAsync();
        using var cancellation = new CancellationTokenSource();
        var bind = node.BindDatagramAsync(4242, cancellationToken: cancellation.Token).InTime();
        await cancellation.CancelAsync();
        Assert.ThrowsAsync<TaskCanceledException>(() => bind);
        Assert.That(node.Report.Sockets, Is.Zero);
        lab.StartServer();
        var again = node.BindDatagramAsync(4242).InTime();
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Qualified, TimeSpan.FromMinutes(2));
        await using var socket = await again;
        Assert.That(socket.LocalEndPoint.Port, Is.EqualTo(4242));
    }

    [Test]
    public async Task NativeIPv6BesideIt_IsReported()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var machine = lab.Network.Host(Alice);
        machine.HasNativeIPv6 = true;
        await using var node = await TeredoNode.StartAsync(lab.Options, new EngineParts(machine, lab.NextRandom()), default);
        Assert.That(node.Report.HasNativeIPv6);
        Assert.That(node.Report.NativeIPv6, Is.EqualTo(NativeIPv6Mode.Beside));
    }
}
