using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using TeredoSdk.Cli.Traffic;
using TeredoSdk.Tests;

namespace TeredoSdk.Cli.Tests;

/// <summary>A conversation by datagrams: whom it talks to, how much it sends before the way is open, and when it is over.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ConversationTests : IDisposable
{
    static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    readonly Lines _input = new();
    readonly MemoryStream _output = new();
    readonly ManualTime _time = new();
    readonly TaskCompletionSource<TeredoPingReply> _ping = new();
    Loopback _lab = null!;
    TeredoNode _node = null!, _peerNode = null!;
    TeredoDatagramSocket _socket = null!, _peer = null!;
    CancellationTokenSource _ended = null!;
    DatagramConversation _conversation = null!;

    [SetUp]
    public async Task Start()
    {
        _lab = await Loopback.StartAsync();
        var options = _lab.Options;
        options.Sockets = TeredoSockets.InProcess;
        (_node, _peerNode) = (await TeredoNode.StartAsync(options), await TeredoNode.StartAsync(options));
        var open = new TeredoBindOptions { ProtectionLevel = IPProtectionLevel.Unrestricted };
        (_socket, _peer) = (await _node.BindDatagramAsync(open), await _peerNode.BindDatagramAsync(open));
        _ended = new(Patience.Limit);
        _conversation = new(_socket, _input, _output, _time);
    }

    [TearDown]
    public async Task End()
    {
        await _ended.CancelAsync();
        _input.Complete();
        await _node.DisposeAsync();
        await _peerNode.DisposeAsync();
        _lab.Dispose();
    }

    public void Dispose()
    {
        _ended.Dispose();
        _input.Dispose();
        _output.Dispose();
    }

    string Printed => Encoding.ASCII.GetString(_output.ToArray()).ReplaceLineEndings("|");

    [Test]
    public async Task Lines_WaitForAnOpenWay_AllButThree()
    {
        var talk = Call();
        for (int i = 0; i < 6; i++)
            _input.Add($"line {i}\n");
        for (int i = 0; i < 3; i++)
            Assert.That(await HearAsync(), Is.EqualTo($"line {i}"));
        await Until(() => _input.Taken >= 4);
        _time.Advance(Linger * 2);
        Assert.That(_conversation.Sent, Is.EqualTo(18), "three lines of six octets");
        Answer(IPStatus.TimedOut); // the peer answers no ping, but the way is open
        for (int i = 3; i < 6; i++)
            Assert.That(await HearAsync(), Is.EqualTo($"line {i}"));
        _input.Complete();
        EndsAfter(Linger, talk);
        Assert.That(_conversation.Sent, Is.EqualTo(36));
    }

    [Test]
    public async Task Answer_OpensTheWay_AndIsPrintedAsALine()
    {
        var talk = Call();
        _input.Add("question\n");
        await HearAsync();
        await SayAsync("answer");
        await Until(() => _conversation.Received == 6);
        Assert.That(Printed, Is.EqualTo("answer|"));
        foreach (string line in new[] { "b", "c", "d", "e" })
        {
            _input.Add(line + "\n");
            Assert.That(await HearAsync(), Is.EqualTo(line), "whatever becomes of the ping");
        }
        Answer(IPStatus.DestinationHostUnreachable);
        _input.Complete();
        EndsAfter(Linger, talk);
    }

    [Test]
    public void PeerThatCannotBeReached_IsAFailure([Values("It is silent.", null)] string? problem)
    {
        var talk = Call();
        Answer(IPStatus.DestinationHostUnreachable, problem);
        var failure = Assert.CatchAsync<TeredoException>(() => talk.WaitAsync(Patience.Limit))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.PeerUnreachable));
        Assert.That(failure.Message, Is.EqualTo(problem ?? $"{_peer.TeredoEndPoint!.Address} can't be reached."));
    }

    [Test]
    public async Task Silence_CountsFromTheLastDatagramOfEither()
    {
        var talk = Call();
        Answer(IPStatus.Success);
        _time.Advance(Linger * 3);
        _input.Add("question\n"); // and stdin stays open: nothing ends
        await HearAsync();
        _time.Advance(Linger * 3);
        Assert.That(talk.IsCompleted, Is.False, "stdin is open");
        _input.Add("last\n");
        _input.Complete();
        await HearAsync();
        await Until(() => _conversation.Sent == 12 && _time.IsArmedWithin(TimeSpan.Zero, Linger));
        _time.Advance(Linger * 0.6);
        await SayAsync("answer");
        await Until(() => _conversation.Received == 6);
        _time.Advance(Linger * 0.6);
        Assert.That(talk.IsCompleted, Is.False, "the answer came 6 s ago");
        EndsAfter(Linger * 0.4, talk);
    }

    [Test]
    public async Task Listener_TalksToItsFirstPeer_AndNobodyElse()
    {
        Assert.That(_conversation.Peer, Is.Null);
        var talk = _conversation.AnswerAsync(Linger, _ended.Token);
        _input.Add("to nobody yet\n");
        _time.Advance(Linger * 3);
        await SayAsync("hello");
        Assert.That(await HearAsync(), Is.EqualTo("to nobody yet"));
        Assert.That(_conversation.Peer, Is.EqualTo(_peer.TeredoEndPoint));
        await using var stranger = await _peerNode.BindDatagramAsync(0);
        await stranger.SendToAsync("intrusion"u8.ToArray(), _socket.TeredoEndPoint!, _ended.Token);
        await SayAsync("again"); // takes the same way, in order
        await Until(() => _conversation.Received >= 10);
        Assert.That(Printed, Is.EqualTo("hello|again|"));
        for (int i = 0; i < 6; i++)
        {
            _input.Add($"line {i}\n");
            Assert.That(await HearAsync(), Is.EqualTo($"line {i}"), "a peer that got in has opened the way");
        }
        _input.Complete();
        EndsAfter(Linger, talk);
    }

    [Test]
    public async Task Listener_WithoutALinger_StaysUntilItIsToldToEnd()
    {
        var talk = _conversation.AnswerAsync(null, _ended.Token);
        await SayAsync("hello");
        _input.Complete();
        await Until(() => _conversation.Received == 5 && _input.IsRead);
        _time.Advance(TimeSpan.FromDays(365));
        Assert.That(talk.IsCompleted, Is.False);
        await _ended.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => talk.WaitAsync(Patience.Limit));
    }

    Task Call() => _conversation.CallAsync((_, wait, _) =>
    {
        Assert.That(wait, Is.EqualTo(TimeSpan.FromSeconds(13)), "a second more than the engine needs to give up");
        return _ping.Task;
    }, _peer.TeredoEndPoint!, Linger, _ended.Token);

    void Answer(IPStatus status, string? problem = null) => _ping.SetResult(new() { Address = IPAddress.IPv6Loopback, Status = status, Problem = problem });

    Task<int> SayAsync(string text) => _peer.SendToAsync(Encoding.ASCII.GetBytes(text), _socket.TeredoEndPoint!, _ended.Token).AsTask();

    async Task<string> HearAsync() => Encoding.ASCII.GetString((await _peer.ReceiveAsync(_ended.Token)).Buffer);

    async Task Until(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(1, _ended.Token);
    }

    void EndsAfter(TimeSpan silence, Task talk)
    {
        SpinWait.SpinUntil(() => _time.IsArmedWithin(TimeSpan.Zero, silence), Patience.Limit);
        var waited = _time.AdvanceUntil(() => talk.IsCompleted, Linger * 10);
        Assert.That(talk.IsCompletedSuccessfully, $"{talk.Exception}");
        Assert.That(waited, Is.EqualTo(silence));
    }

    /// <summary>An input that is typed bit by bit.</summary>
    sealed class Lines : Stream
    {
        readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
        int _taken;

        /// <summary>How many lines were read.</summary>
        public int Taken => Volatile.Read(ref _taken);

        /// <summary>Whether its end was read.</summary>
        public bool IsRead => _lines.Reader.Completion.IsCompleted;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Add(string line) => _lines.Writer.TryWrite(line);

        public void Complete() => _lines.Writer.TryComplete();

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (!_lines.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                return 0;
            Assert.That(_lines.Reader.TryRead(out string? line));
            Interlocked.Increment(ref _taken);
            return Encoding.ASCII.GetBytes(line!, buffer.AsSpan(offset, count));
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
