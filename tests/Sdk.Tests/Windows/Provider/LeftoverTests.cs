using System.Net.Sockets;
using TeredoSdk.Links.Windows;
using TeredoSdk.Testing;
using TeredoSdk.Tests.Windows.Setup;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>What was given up, failed or is over leaves no handler, timer, socket or hold behind.</summary>
public sealed class LeftoverTests
{
    int _handlers;

    [Test]
    public async Task Start_GivenUp_LeavesNoHandler()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.Endless;
        using var cancel = new CancellationTokenSource();
        var start = StartAsync(machine, cancel.Token);
        Assert.That(_handlers, Is.EqualTo(1));
        await cancel.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => start.InTime());
        Assert.That(_handlers, Is.Zero);
    }

    [Test]
    public async Task Start_Failed_LeavesNoHandlerAndNoTimer()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        var start = StartAsync(machine);
        machine.Time.Advance(machine.Options.QualificationTimeout);
        Assert.CatchAsync<TeredoException>(() => start.InTime());
        Assert.That(_handlers, Is.Zero);
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    [Test]
    public async Task Listen_GivenUpWhileTheClientSleeps_LeavesNeitherSocketNorHold()
    {
        await using var machine = new WindowsMachine();
        await using var node = await StartAsync(machine).InTime();
        machine.Teredo.Network = FakeTeredoNetwork.Endless;
        machine.Teredo.GoDormant();
        using var cancel = new CancellationTokenSource();
        var listen = node.ListenAsync(0, cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => listen.InTime());
        Assert.That((node.Report.Sockets, node.Report.Windows!.Holds, machine.Windows.Sockets.Count), Is.EqualTo((0, 0, 0)));
        Assert.That(_handlers, Is.EqualTo(1), "the node's own");
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    [Test]
    public async Task Listen_AtAPortThatIsTaken_LeavesNeitherSocketNorHold()
    {
        await using var machine = new WindowsMachine();
        await using var node = await StartAsync(machine).InTime();
        await using var first = await node.ListenAsync(0).InTime();
        Assert.ThrowsAsync<TeredoException>(() => node.ListenAsync(first.LocalEndPoint.Port).InTime());
        Assert.That((node.Report.Sockets, node.Report.Windows!.Holds), Is.EqualTo((1, 1)));
        Assert.That(machine.Windows.Sockets[1].Socket.SafeHandle.IsClosed, Is.True);
    }

    [Test]
    public async Task Connection_ThatWasAccepted_NeitherTakesNorReleasesAHold()
    {
        await using var machine = new WindowsMachine();
        await using var node = await StartAsync(machine).InTime();
        await using var listener = await node.ListenAsync(0).InTime();
        using var peer = new TcpClient(AddressFamily.InterNetworkV6);
        await peer.ConnectAsync(System.Net.IPAddress.IPv6Loopback, listener.LocalEndPoint.Port).InTime();
        var connection = await listener.AcceptAsync().InTime();
        Assert.That(node.Report.Windows!.Holds, Is.EqualTo(1));
        await connection.DisposeAsync();
        Assert.That(node.Report.Windows!.Holds, Is.EqualTo(1));
    }

    [Test]
    public async Task Node_DisposedWithOpenSockets_LeavesNothing()
    {
        await using var machine = new WindowsMachine();
        var node = await StartAsync(machine).InTime();
        var listener = await node.ListenAsync(0).InTime();
        machine.Teredo.Network = FakeTeredoNetwork.Endless;
        machine.Teredo.GoDormant(); // the hold is waking it
        int wakes = machine.Windows.WakeCalls;
        await node.DisposeAsync().InTime();
        machine.Windows.RaiseChanged();
        machine.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(_handlers, Is.Zero);
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(wakes));
        Assert.That(machine.Windows.Sockets, Has.All.Matches<FakeWindowsSocket>(socket => socket.Socket.SafeHandle.IsClosed));
        await machine.Time.WhenNoTimerIsArmed().InTime();
        listener.Dispose();
    }

    Task<TeredoNode> StartAsync(WindowsMachine machine, CancellationToken cancellationToken = default)
    {
        var windows = FaultyWindows.Of(machine.Windows, Count);
        return TeredoNode.StartAsync(machine.Options.Snapshot(), [new WindowsProvider(windows)], cancellationToken);
    }

    Exception? Count(string call)
    {
        _handlers += call switch
        {
            $"add_{nameof(IWindowsSystem.Changed)}" => 1,
            $"remove_{nameof(IWindowsSystem.Changed)}" => -1,
            _ => 0,
        };
        return null;
    }
}
