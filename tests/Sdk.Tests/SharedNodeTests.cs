using TeredoSdk.Sockets;

namespace TeredoSdk.Tests;

/// <summary>The node that sockets with equal options share: who holds it, and when it goes.</summary>
public sealed class SharedNodeTests
{
    const string Alice = "203.0.113.10";

    [Test]
    public async Task Socket_ClosedBeforeItGotItsLease_ReleasesTheNode()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var pool = new NodePool((_, cancellationToken) => lab.BeginStart(Alice, cancellationToken: cancellationToken));
        await using var socket = await pool.OpenAsync(lab.Options, async node =>
        {
            var bound = await node.BindAsync(4242);
            bound.Dispose(); // as a link does whose interface is another one now
            return bound;
        }, default).InTime();
        var again = await pool.LeaseAsync(lab.Options, default).InTime();
        Assert.That(again.Node.Report.Sockets, Is.Zero);
        await again.ReleaseAsync().InTime();
        Assert.That(again.Node.Report.State, Is.EqualTo(TeredoState.Stopped));
    }

    [Test]
    public async Task Start_ThatFailed_IsNotHandedOnToWhoAsksNext()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var failing = new TaskCompletionSource<TeredoNode>(); // whoever waits goes on at once, one after the other
        int starts = 0;
        var pool = new NodePool((_, cancellationToken) => ++starts == 1 ? failing.Task : lab.BeginStart(Alice, cancellationToken: cancellationToken));
        var first = TryTwiceAsync();
        var second = TryTwiceAsync();
        failing.SetException(new TeredoException(TeredoError.ServerUnreachable, "No server."));
        var leases = new[] { await first.InTime(), await second.InTime() };
        Assert.That(leases[0].Node, Is.SameAs(leases[1].Node));
        foreach (var lease in leases)
            await lease.ReleaseAsync().InTime();
        Assert.That(leases[0].Node.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(starts, Is.EqualTo(2));

        async Task<NodeLease> TryTwiceAsync()
        {
            try
            {
                return await pool.LeaseAsync(lab.Options, default);
            }
            catch (TeredoException)
            {
                return await pool.LeaseAsync(lab.Options, default);
            }
        }
    }

    [Test]
    public void Arguments_AreCheckedBeforeANodeStarts()
    {
        var options = new TeredoOptions { Servers = ["no-such-server.invalid"], Provider = TeredoProvider.Embedded };
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TeredoSocket.ListenAsync(70000, options).InTime());
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TeredoSocket.BindAsync(-1, options).InTime());
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TeredoSocket.ConnectAsync("peer.invalid", 0, options).InTime());
        Assert.ThrowsAsync<ArgumentException>(() => TeredoSocket.ConnectAsync(new(System.Net.IPAddress.Loopback, 80), options).InTime());
    }
}
