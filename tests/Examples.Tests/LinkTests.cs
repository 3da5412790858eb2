using System.Net;
using Chat;

namespace TeredoSdk.Examples.Tests;

/// <summary>The chat's link, when the person's screen is slower than the peer.</summary>
public sealed class LinkTests
{
    const int Room = 64;

    [Test]
    public async Task Line_WithoutRoom_WhereNothingGetsLost_WaitsAndIsAcknowledgedThen()
    {
        var link = new MemoryLink(isLossy: false);
        for (int i = 1; i <= Room; i++)
            await link.GetAsync($"{i} line");
        var waiting = link.GetAsync($"{Room + 1} last");
        Assert.That(waiting.IsCompleted, Is.False);
        Assert.That(link.Written, Has.Count.EqualTo(Room));
        Assert.That(await link.ReceiveAsync(CancellationToken.None), Is.EqualTo("line"));
        await waiting;
        Assert.That(link.Written[^1], Is.EqualTo($"+{Room + 1}"));
    }

    [Test]
    public async Task Line_WithoutRoom_WhereLinesGetLost_IsTakenWhenItIsSentAgain()
    {
        var link = new MemoryLink(isLossy: true);
        for (int i = 1; i <= Room + 1; i++)
            await link.GetAsync($"{i} line");
        Assert.That(link.Written, Has.Count.EqualTo(Room));
        await link.ReceiveAsync(CancellationToken.None);
        await link.GetAsync($"{Room + 1} line");
        Assert.That(link.Written[^1], Is.EqualTo($"+{Room + 1}"));
    }

    [Test]
    public async Task Frames_OfAnyKind_AreTaken_AndAnsweredShortly()
    {
        var random = new Random(1);
        string[] parts = ["+", "1", "0", " ", "-", "x", "2147483648", new('0', 1200), "\r", "\0", "é", "say ", "join "];
        var link = new MemoryLink(isLossy: true);
        for (int i = 0; i < 5000; i++)
            await link.GetAsync(string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => parts[random.Next(parts.Length)])));
        Assert.That(link.Written, Is.Not.Empty.And.All.Matches<string>(frame => frame.Length <= 11));
    }

    [Test]
    public void Name_ThatIsTaken_GetsANumber_ThatNobodyCanChoose()
    {
        Assert.That(Words.Distinct("bob", ["alice"]), Is.EqualTo("bob"));
        Assert.That(Words.Distinct("bob", ["alice", "bob"]), Is.EqualTo("bob(2)"));
        Assert.That(Words.Distinct("bob", ["bob", "bob(2)"]), Is.EqualTo("bob(3)"));
        Assert.That(Words.Clean("bob(2)", ""), Is.EqualTo("bob2"));
    }

    sealed class MemoryLink(bool isLossy) : Link(TimeProvider.System)
    {
        public List<string> Written { get; } = [];

        public override IPEndPoint RemoteEndPoint { get; } = new(IPAddress.IPv6Loopback, 1);

        protected override bool IsLossy => isLossy;

        public Task GetAsync(string frame) => TakeAsync(frame, CancellationToken.None);

        public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override Task WriteAsync(string frame, CancellationToken cancellationToken)
        {
            Written.Add(frame);
            return Task.CompletedTask;
        }
    }
}
