using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;

namespace TeredoSdk.Tests.Streams;

/// <summary>Connections as pipes, and listeners as sequences of connections, on a network in memory.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ConnectionPipeTests : IAsyncDisposable
{
    readonly Lab _lab = new();
    TeredoNode _alice = null!;
    TeredoListener _listener = null!;

    [SetUp]
    public async Task StartNodes()
    {
        _lab.StartServer();
        _listener = await (await _lab.StartAsync("203.0.113.20")).ListenAsync(4242);
        _alice = await _lab.StartAsync("203.0.113.10");
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [TestCase(false)]
    [TestCase(true)]
    public async Task Pipe_Carries_AndItsEndIsTheEndOfWhatIsSent(bool inTheBackground)
    {
        var (caller, callee) = await ConnectAsync();
        var (near, far) = (caller.GetPipe(), callee.GetPipe());
        Assert.That(caller.GetPipe(), Is.SameAs(near));
        near.Output.Write("hello"u8); // not flushed
        Assert.That((near.Output.CanGetUnflushedBytes, near.Output.UnflushedBytes), Is.EqualTo((true, 5)));
        if (inTheBackground)
            await near.Output.CompleteAsync().InTime();
        else
            near.Output.Complete();
        Assert.That(await ReadAsync(far.Input).InTime(), Is.EqualTo("hello"), "and then the end");
        Assert.Throws<IOException>(() => caller.GetStream().Write(new byte[1]));
        await far.Input.CompleteAsync(); // leaves the other direction as it is
        await far.Output.WriteAsync("bye"u8.ToArray()).InTime();
        await callee.DisposeAsync().InTime();
        Assert.That(await ReadAsync(near.Input).InTime(), Is.EqualTo("bye"));
        near.Output.Complete(); // again
        await caller.DisposeAsync().InTime();
        near.Output.Complete();
    }

    [Test]
    public async Task Pipe_ThatFails_AbortsTheConnection()
    {
        var (caller, callee) = await ConnectAsync();
        await caller.GetPipe().Output.WriteAsync(new byte[1]).InTime();
        await callee.GetPipe().Input.ReadAsync().InTime();
        await caller.GetPipe().Output.CompleteAsync(new InvalidOperationException("half a document")).InTime();
        var failure = Assert.ThrowsAsync<IOException>(() => callee.GetStream().ReadAsync(new byte[1]).InTime())!;
        Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
        await callee.DisposeAsync().InTime();
    }

    [Test]
    public async Task Listener_IsASequence_ThatEndsWhenItIsDisposed()
    {
        int served = 0;
        var serving = ServeAsync();
        for (int i = 1; i <= 3; i++)
        {
            await using var connection = await _alice.ConnectAsync(_listener.TeredoEndPoint!).InTime();
            Assert.That(await connection.GetStream().ReadAsync(new byte[1]).InTime(), Is.Zero);
            Assert.That(served, Is.EqualTo(i));
        }
        await _listener.DisposeAsync().InTime();
        await serving.InTime();

        async Task ServeAsync()
        {
            await foreach (var connection in _listener.AcceptAllAsync())
            {
                served++;
                await connection.DisposeAsync();
            }
        }
    }

    [Test]
    public async Task Sequence_OfConnections_IsGivenUp_AndTheListenerStays()
    {
        using var cancellation = new CancellationTokenSource();
        await using (var connections = _listener.AcceptAllAsync(cancellation.Token).GetAsyncEnumerator())
        {
            var next = connections.MoveNextAsync();
            await cancellation.CancelAsync();
            Assert.ThrowsAsync<OperationCanceledException>(() => next.InTime());
        }
        var (caller, callee) = await ConnectAsync();
        await caller.DisposeAsync().InTime();
        await callee.DisposeAsync().InTime();
    }

    async Task<(TeredoConnection Caller, TeredoConnection Callee)> ConnectAsync() =>
        (await _alice.ConnectAsync(_listener.TeredoEndPoint!).InTime(), await _listener.AcceptAsync().InTime());

    static async Task<string> ReadAsync(PipeReader reader)
    {
        using var octets = new MemoryStream();
        await reader.CopyToAsync(octets);
        return Encoding.UTF8.GetString(octets.ToArray());
    }
}
