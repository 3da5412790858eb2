namespace TeredoSdk.Tests;

/// <summary>An application with a synchronization context, such as one with windows: no call goes on there, so that it may even wait for one.</summary>
public sealed class ContextTests
{
    [Test]
    public async Task Calls_NeverComeBackToTheCallersContext()
    {
        var context = new Counting();
        await using var lab = new Lab();
        var start = context.In(() => lab.BeginStart("203.0.113.10")); // it waits for a server
        lab.StartServer();
        lab.Time.Advance(TimeSpan.FromSeconds(5));
        await using var node = await start.InTime();
        await using var socket = await context.In(() => node.BindDatagramAsync(4242)).InTime();
        var receive = context.In(() => socket.ReceiveAsync().AsTask());
        var ping = context.In(() => node.PingAsync(System.Net.IPAddress.Parse("2001:0:c000:201:0:63bf:39cc:9bf6"), TimeSpan.FromSeconds(1)));
        lab.Time.Advance(TimeSpan.FromSeconds(2));
        await ping.InTime();
        var late = context.In(() => node.BindDatagramAsync(4243, new CancellationToken(canceled: true)));
        Assert.That(async () => await late.InTime(), Throws.InstanceOf<OperationCanceledException>());
        await context.In(() => node.DisposeAsync().AsTask()).InTime();
        Assert.That(async () => await receive.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(context.Posts, Is.Zero);
    }

    sealed class Counting : SynchronizationContext
    {
        int _posts;

        public int Posts => Volatile.Read(ref _posts);

        public T In<T>(Func<T> call)
        {
            var before = Current;
            SetSynchronizationContext(this);
            try
            {
                return call();
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Interlocked.Increment(ref _posts);
            base.Post(d, state);
        }
    }
}
