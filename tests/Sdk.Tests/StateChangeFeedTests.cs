using TeredoSdk.Links;

namespace TeredoSdk.Tests;

/// <summary>How changes reach those who read them.</summary>
public sealed class StateChangeFeedTests
{
    [Test]
    public async Task SlowReader_GetsTheLast64()
    {
        var feed = new StateChangeFeed();
        await using var reader = feed.GetAsyncEnumerator();
        var changes = Enumerable.Range(0, 100).Select(_ => new TeredoStateChange { Kind = TeredoStateChangeKind.Dormant }).ToArray();
        foreach (var change in changes)
            feed.Publish(change);
        feed.End();
        List<TeredoStateChange> read = [];
        while (await reader.MoveNextAsync().InTime())
            read.Add(reader.Current);
        Assert.That(read, Has.Count.EqualTo(64));
        Assert.That(read.Zip(changes[36..]).All(pair => ReferenceEquals(pair.First, pair.Second)));
    }

    [Test]
    public async Task Reader_WhoComesAfterTheEnd_EndsAtOnce()
    {
        var feed = new StateChangeFeed();
        feed.End();
        await using var reader = feed.GetAsyncEnumerator();
        Assert.That(await reader.MoveNextAsync().InTime(), Is.False);
        Assert.That(() => reader.Current, Throws.InvalidOperationException);
    }

    [Test]
    public async Task Reader_WhoIsDisposedOrGivesUp_GetsNothingMore()
    {
        var feed = new StateChangeFeed();
        var reader = feed.GetAsyncEnumerator();
        await reader.DisposeAsync();
        feed.Publish(new() { Kind = TeredoStateChangeKind.Dormant });
        var next = reader.MoveNextAsync().AsTask();
        Assert.That(next.IsCompleted, Is.False);
        using var cancellation = new CancellationTokenSource();
        await using var other = feed.GetAsyncEnumerator(cancellation.Token);
        var waiting = other.MoveNextAsync();
        await cancellation.CancelAsync();
        Assert.That(async () => await waiting.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }
}
