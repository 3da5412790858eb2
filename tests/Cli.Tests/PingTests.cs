using System.Net;
using System.Net.NetworkInformation;
using TeredoSdk.Cli.Commands;
using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo ping</c>: how long it waits for replies, and what it makes of them.</summary>
public sealed class PingTests
{
    static readonly IPAddress Peer = IPAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe");
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    [Test]
    public async Task FirstReply_IsWaitedForLonger()
    {
        List<TimeSpan> waits = [];
        var (replies, _) = await PingAsync(5, wait =>
        {
            waits.Add(wait);
            return Task.FromResult(waits.Count == 1 ? Reply(IPStatus.TimedOut) : waits.Count == 4 ? Reply(IPStatus.DestinationHostUnreachable) : Reply(5));
        });
        Assert.That(waits.Select(wait => wait.TotalSeconds), Is.EqualTo(new[] { 13, 13, 4, 4, 4 }), "the engine needs 12 s to find that a new peer can't be reached");
        Assert.That(replies.Select(reply => reply.Status), Is.EqualTo(new[] { "timedOut", "success", "success", "unreachable", "success" }));
        Assert.That(replies.Select(reply => reply.Sequence), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(replies.Select(reply => reply.RoundTripMilliseconds), Is.EqualTo(new double?[] { null, 5, 5, null, 5 }));
    }

    [Test]
    public async Task Replies_ArePrintedAsTheyCome()
    {
        int count = 0;
        var (_, text) = await PingAsync(3, _ => Task.FromResult(++count switch
        {
            1 => Reply(IPStatus.TimedOut),
            2 => Reply(1.234),
            _ => Reply(IPStatus.DestinationHostUnreachable) with { Problem = "It is silent." },
        }));
        Assert.That(text, Is.EqualTo($"no reply from {Peer}: seq=1\nreply from {Peer}: seq=2 time=1.23 ms\nno reply from {Peer}: seq=3 It is silent.\n"));
    }

    [Test]
    public async Task Request_ThatCannotBeSent_IsTheLast()
    {
        int sent = 0;
        var result = await HereCommand.RunAsync(() => RunAsync(100, _ => ++sent == 2 ? throw new TeredoException(TeredoError.NoServer, "None.") : Task.FromResult(Reply(1)),
            _ => { }));
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Sentence, Is.EqualTo("None."));
        Assert.That(sent, Is.EqualTo(2));
    }

    [Test]
    public async Task ReplyThatIsNoLongerWaitedFor_DoesNotCount()
    {
        var (replies, text) = await PingAsync(1, _ => Task.FromCanceled<TeredoPingReply>(new(true)));
        Assert.That(replies, Is.Empty);
        Assert.That(text, Is.Empty);
    }

    [Test]
    public void Summary_CountsWhatIsKnown()
    {
        var document = PingCommand.Summarize(Peer, [new(1, "success", 2, null), new(2, "timedOut", null, "Late."), new(3, "success", 7, null)]);
        Assert.That((document.Sent, document.Received, document.LossPercent), Is.EqualTo((3, 2, 100.0 / 3)));
        Assert.That((document.MinMilliseconds, document.AverageMilliseconds, document.MaxMilliseconds), Is.EqualTo(((double?)2, (double?)4.5, (double?)7)));
        Assert.That(document.Problem, Is.Null);
        Assert.That(document.Replies, Has.Count.EqualTo(3));
    }

    [Test]
    public void Summary_WithoutAReply_SaysWhatIsKnownOfTheReason()
    {
        var document = PingCommand.Summarize(Peer, [new(1, "unreachable", null, "It is silent."), new(2, "timedOut", null, null)]);
        Assert.That((document.Sent, document.Received, document.LossPercent, document.Problem), Is.EqualTo((2, 0, 100.0, "It is silent.")));
        Assert.That((document.MinMilliseconds, document.AverageMilliseconds, document.MaxMilliseconds), Is.EqualTo(((double?)null, (double?)null, (double?)null)));
        var nothing = PingCommand.Summarize(Peer, []);
        Assert.That((nothing.Sent, nothing.LossPercent), Is.EqualTo((0, 0.0)));
        Assert.That(nothing.Problem, Does.StartWith($"No reply came from {Peer}."));
    }

    static async Task<(IReadOnlyList<PingReplyDocument> Replies, string Text)> PingAsync(int count, Func<TimeSpan, Task<TeredoPingReply>> reply)
    {
        IReadOnlyList<PingReplyDocument> replies = [];
        var result = await HereCommand.RunAsync(() => RunAsync(count, reply, given => replies = given));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        return (replies, result.Text.ReplaceLineEndings("\n"));
    }

    static Task<int> RunAsync(int count, Func<TimeSpan, Task<TeredoPingReply>> reply, Action<IReadOnlyList<PingReplyDocument>> take) =>
        Invocation.RunAsync(EntryPoint.Parse(["ping", "::1"]), async invocation =>
        {
            take(await PingCommand.PingAsync(async (_, wait, _) => await reply(wait), Peer, count, Soon, invocation));
            return 0;
        });

    static TeredoPingReply Reply(IPStatus status) => new() { Address = Peer, Status = status };

    static TeredoPingReply Reply(double milliseconds) => Reply(IPStatus.Success) with { RoundTripTime = TimeSpan.FromMilliseconds(milliseconds) };
}
