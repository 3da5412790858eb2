using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using System.Text;
using TeredoSdk.Links;
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
        var pool = new NodePool<TeredoNode>((_, cancellationToken) => lab.BeginStart(Alice, cancellationToken: cancellationToken));
        await using var socket = await pool.OpenAsync(lab.Options, async node =>
        {
            var bound = await node.BindDatagramAsync(4242);
            bound.Dispose(); // as a link does whose interface is another one now
            return bound;
        }, default).InTime();
        var again = await pool.LeaseAsync(lab.Options, default).InTime();
        Assert.That(again.Node.Report.Sockets, Is.Zero);
        await again.ReleaseAsync().InTime();
        Assert.That(again.Node.Report.State, Is.EqualTo(TeredoState.Stopped));
    }

    [Test]
    public void Caller_WhoGaveUpBefore_StartsNothing()
    {
        int starts = 0;
        var pool = new NodePool<TeredoNode>((_, _) =>
        {
            starts++;
            throw new InvalidOperationException();
        });
        Assert.That(() => pool.LeaseAsync(new() { Servers = ["8.8.8.8"] }, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(starts, Is.Zero);
    }

    [Test]
    public async Task Lease_ThatIsShared_KeepsTheNode_UntilBothAreReleased()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var pool = new NodePool<TeredoNode>((_, cancellationToken) => lab.BeginStart(Alice, cancellationToken: cancellationToken));
        var first = await pool.LeaseAsync(lab.Options, default).InTime();
        var second = first.TryShare()!;
        await first.ReleaseAsync().InTime();
        await first.ReleaseAsync().InTime(); // a second time changes nothing
        Assert.That(first.Node.Report.State, Is.EqualTo(TeredoState.Qualified));
        await second.ReleaseAsync().InTime();
        Assert.That(first.Node.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(first.TryShare(), Is.Null, "there is no node any more");
    }

    [Test]
    public async Task Options_WithEqualSecrets_ShareANode_OthersDoNot()
    {
        await using var lab = new Lab();
        lab.StartServer();
        int starts = 0;
        var pool = new NodePool<TeredoNode>((_, cancellationToken) => lab.BeginStart($"203.0.113.{10 + starts++}", cancellationToken: cancellationToken));
        var leases = new[]
        {
            await pool.LeaseAsync(With("hush"), default).InTime(),
            await pool.LeaseAsync(With("hush"), default).InTime(),
            await pool.LeaseAsync(With("other"), default).InTime(),
        };
        Assert.That(leases[1].Node, Is.SameAs(leases[0].Node));
        Assert.That(leases[2].Node, Is.Not.SameAs(leases[0].Node));
        foreach (var lease in leases)
            await lease.ReleaseAsync().InTime();

        // Each with octets of its own, as two parts of an application read them from a configuration.
        TeredoOptions With(string secret)
        {
            var options = lab.Options;
            options.Secret = new() { ClientIdentifier = Encoding.UTF8.GetBytes("me"), Secret = Encoding.UTF8.GetBytes(secret) };
            return options;
        }
    }

    [Test]
    public async Task Start_ThatFailed_IsNotHandedOnToWhoAsksNext()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var failing = new TaskCompletionSource<TeredoNode>(); // whoever waits goes on at once, one after the other
        int starts = 0;
        var pool = new NodePool<TeredoNode>((_, cancellationToken) => ++starts == 1 ? failing.Task : lab.BeginStart(Alice, cancellationToken: cancellationToken));
        var first = TryTwiceAsync();
        var second = TryTwiceAsync();
        failing.SetException(new TeredoException(TeredoError.ServerUnreachable, "No server."));
        var leases = new[] { await first.InTime(), await second.InTime() };
        Assert.That(leases[0].Node, Is.SameAs(leases[1].Node));
        foreach (var lease in leases)
            await lease.ReleaseAsync().InTime();
        Assert.That(leases[0].Node.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(starts, Is.EqualTo(2));

        async Task<NodeLease<TeredoNode>> TryTwiceAsync()
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
    public async Task Start_AtAnyPort_WaitsForNoNodeThatIsStopping()
    {
        var links = new List<SlowLink>();
        var pool = new NodePool<TeredoNode>((options, cancellationToken) =>
        {
            links.Add(new());
            return TeredoNode.StartAsync(options, [links[^1]], cancellationToken);
        });
        var options = new TeredoOptions { Servers = ["192.0.2.1"], AllowPrivateAddresses = true, Provider = TeredoProvider.Embedded };
        var first = await pool.LeaseAsync(options, default).InTime();
        var releasing = first.ReleaseAsync();
        var second = await pool.LeaseAsync(options, default).InTime();
        Assert.That(second.Node, Is.Not.SameAs(first.Node));
        Assert.That(releasing.IsCompleted, Is.False);
        links.ForEach(link => link.Stopped.SetResult());
        await releasing.InTime();
        await second.ReleaseAsync().InTime();
    }

    [Test]
    public async Task Start_WithTheClientPortOfANodeThatIsStopping_WaitsForIt()
    {
        var links = new List<SlowLink>();
        bool? wasStopped = null;
        var pool = new NodePool<TeredoNode>((options, cancellationToken) =>
        {
            wasStopped = links.Count == 0 ? null : links[0].Stopped.Task.IsCompleted;
            links.Add(new());
            return TeredoNode.StartAsync(options, [links[^1]], cancellationToken);
        });
        var options = new TeredoOptions { Servers = ["192.0.2.1"], AllowPrivateAddresses = true, ClientPort = 4000 };
        options.Provider = TeredoProvider.Embedded;
        var first = await pool.LeaseAsync(options, default).InTime();
        var releasing = first.ReleaseAsync();
        using var cancel = new CancellationTokenSource();
        var givenUp = pool.LeaseAsync(options, cancel.Token);
        await cancel.CancelAsync();
        Assert.That(async () => await givenUp.InTime(), Throws.InstanceOf<OperationCanceledException>());
        var second = pool.LeaseAsync(options, default);
        for (int i = 0; i < 100; i++)
            await Task.Run(() => { }); // whatever would start has started
        links[0].Stopped.SetResult();
        await releasing.InTime();
        var lease = await second.InTime();
        Assert.That(wasStopped, Is.True);
        links[1].Stopped.SetResult();
        await lease.ReleaseAsync().InTime();
    }

    [Test]
    public void Arguments_AreCheckedBeforeANodeStarts()
    {
        var options = new TeredoOptions { Servers = ["no-such-server.invalid"], Provider = TeredoProvider.Embedded };
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TeredoSocket.ListenAsync(70000, options).InTime());
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TeredoSocket.BindDatagramAsync(-1, options).InTime());
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TeredoSocket.ConnectAsync("peer.invalid", 0, options).InTime());
        Assert.ThrowsAsync<ArgumentException>(() => TeredoSocket.ConnectAsync(new(IPAddress.Loopback, 80), options).InTime());
        Assert.ThrowsAsync<ArgumentNullException>(() => TeredoSocket.ListenAsync(null!, options).InTime());
        Assert.ThrowsAsync<ArgumentNullException>(() => TeredoSocket.BindDatagramAsync(null!, options).InTime());
    }

    /// <summary>A link that is up at once, and stops when it is told to.</summary>
    sealed class SlowLink : ITeredoProvider, ITeredoLink
    {
        public TaskCompletionSource Stopped { get; } = new();
        public TeredoProvider Kind => TeredoProvider.Embedded;
        public IPAddress? Address => null;
        public TeredoReport Report => throw new NotSupportedException();
        public IAsyncEnumerable<TeredoStateChange> Changes => throw new NotSupportedException();
        public SocketCapabilities Capabilities => SocketCapabilities.None;

        public Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken) =>
            Task.FromResult<ITeredoLink>(this);

        public Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<OpenConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ReachabilityCheck> CheckReachabilityAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => new(Stopped.Task);
    }
}
