using System.Net;
using System.Net.Sockets;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>Open opted-in sockets hold the address: it is kept awake, and asked for again when it is lost.</summary>
public sealed class HoldTests
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    static readonly IPAddress Other = IPAddress.Parse("2001:0:c000:201:0:63be:39cc:9bf8");

    [Test]
    public async Task Sockets_OptedIn_AreCountedAndReleased()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        var listener = await node.ListenAsync(0).InTime();
        var bound = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }).InTime();
        await using var restricted = await node.BindDatagramAsync(0).InTime();
        Assert.That(node.Report.Windows!.Holds, Is.EqualTo(2));
        listener.Dispose();
        Assert.That(node.Report.Windows!.Holds, Is.EqualTo(1));
        bound.Dispose();
        bound.Dispose();
        Assert.That(node.Report.Windows!.Holds, Is.Zero);
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    [Test]
    public async Task Hold_KeepsTheClientAwakeWellWithinTheHour()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        int before = machine.Windows.WakeCalls;
        machine.Time.Advance(Hour);
        Assert.That(machine.Windows.WakeCalls - before, Is.EqualTo(3), "StateTests hold it for three hours");
    }

    [Test]
    public async Task Hold_Released_WakesNoMore()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        (await node.ListenAsync(0).InTime()).Dispose();
        int before = machine.Windows.WakeCalls;
        machine.Teredo.GoDormant();
        machine.Time.Advance(Hour);
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(before));
        Assert.That((await node.GetReportAsync().InTime()).State, Is.EqualTo(TeredoState.Dormant));
    }

    [Test]
    public async Task Address_LostWhileHeld_IsAskedForAtOnceAndThenEachMinute()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var changes = node.StateChanges.GetAsyncEnumerator();
        await using var listener = await node.ListenAsync(0).InTime();
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        int before = machine.Windows.WakeCalls;
        machine.Teredo.GoOffline("primary server unreachable over UDP");
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(before + 1));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Lost));
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Offline));
        Assert.That(node.Report.Problem, Does.Contain("primary server unreachable over UDP"));

        machine.Time.Advance(TimeSpan.FromMinutes(3));
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(before + 4));
        machine.Teredo.Network = FakeTeredoNetwork.Answers;
        machine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Regained));
        Assert.That(listener.TeredoEndPoint!.Address, Is.EqualTo(machine.Address));
    }

    [Test]
    public async Task Switch_TurnedOffMeanwhile_IsTheProblem()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        machine.Windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Automatic };
        machine.Windows.RaiseChanged();
        Assert.That(node.Report.Error, Is.EqualTo(TeredoError.ServiceStopped));
        Assert.That(node.Report.Problem, Does.Contain("net start iphlpsvc"));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => node.ListenAsync(0).InTime())!.Error, Is.EqualTo(TeredoError.ServiceStopped));

        machine.Windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = true, StartType = ServiceStartType.Automatic };
        machine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
        Assert.That(node.Report.Error, Is.Null);
    }

    [Test]
    public async Task Address_LostWhereOnlyNetshTells_IsToldInItsWords()
    {
        await using var machine = new WindowsMachine(new(6, 1));
        var node = await machine.StartAsync();
        machine.Teredo.GoOffline("client is in a managed network");
        Assert.That(node.Report.Error, Is.EqualTo(TeredoError.TeredoOffline));
        Assert.That(node.Report.Problem, Does.Contain("managed network"));
    }

    [Test]
    public async Task Machine_Resumed_IsNoticedAndTheClientWoken()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        int before = machine.Windows.WakeCalls;
        machine.Time.Sleep(Hour);
        machine.Windows.RaiseChanged();
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(before + 1));
        machine.Time.Sleep(Hour);
        machine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(before + 2), "also where the system tells of no change");
    }

    [Test]
    public async Task Address_Changed_IsTold_AndSocketsStay()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var changes = node.StateChanges.GetAsyncEnumerator();
        await using var listener = await node.ListenAsync(0).InTime();
        var old = machine.Address;
        machine.Teredo.ChangeAddress(Other);
        Assert.That(await changes.NextAsync(), Is.EqualTo(new TeredoStateChange
        {
            Kind = TeredoStateChangeKind.AddressChanged,
            Address = Other,
            PreviousAddress = old,
        }));
        Assert.That(node.Address, Is.EqualTo(Other));
        Assert.That(listener.TeredoEndPoint!.Address, Is.EqualTo(Other));
    }

    [TestCase("2001:0:c000:201:0:63bf:39cc:9bf8", true)]
    [TestCase("2001:0:c000:201:0:63be:39cc:9bf8", false)]
    [TestCase("2a00:1450::1", false)]
    [TestCase("::1", false)]
    public void Connection_WhenTheAddressChanged_IsVoidOnlyFromAnOldTeredoAddress(string local, bool isVoid) =>
        Assert.That(Links.Windows.WindowsLink.IsVoidAddress(IPAddress.Parse(local), Other), Is.EqualTo(isVoid));

    [Test]
    public async Task Bind_DormantClient_IsWoken()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        machine.Teredo.GoDormant();
        Assert.That(node.Address, Is.Null);
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(listener.TeredoEndPoint!.Address, Is.EqualTo(machine.Address));
    }
}
