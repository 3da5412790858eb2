using System.Net;
using System.Net.NetworkInformation;
using System.Text;

namespace TeredoSdk.Cli.Traffic;

/// <summary>Datagrams between a peer and stdin and stdout. Each line is a datagram, without its terminator.</summary>
sealed class DatagramConversation(TeredoDatagramSocket socket, Stream input, Stream output, TimeProvider time)
{
    static readonly byte[] LineEnd = Encoding.ASCII.GetBytes(Environment.NewLine);

    readonly TaskCompletionSource<IPEndPoint> _peer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _pathOpen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _lastAt = time.GetTimestamp(); // the time of the last datagram

    /// <summary>The peer; null until there is one.</summary>
    public IPEndPoint? Peer => _peer.Task.IsCompletedSuccessfully ? _peer.Task.Result : null;

    public long Received { get; private set; }

    public long Sent { get; private set; }

    /// <summary>Talks to a peer until the input has ended and nothing was sent or received for a while.</summary>
    /// <exception cref="TeredoException">The peer can't be reached.</exception>
    public async Task CallAsync(PingPeer ping, IPEndPoint peer, TimeSpan linger, CancellationToken cancellationToken)
    {
        _peer.SetResult(peer);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var path = OpenPathAsync(ping, peer.Address, stop.Token);
        await UntilSilentAsync(linger, stop, path);
    }

    /// <summary>Talks to the first sender, until the input has ended and nothing was sent or received for a while; null means for ever.</summary>
    public async Task AnswerAsync(TimeSpan? linger, CancellationToken cancellationToken)
    {
        _pathOpen.SetResult(); // a peer that sends to us has opened the path
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await UntilSilentAsync(linger ?? Timeout.InfiniteTimeSpan, stop);
    }

    // Ends with the first task that fails, or when the talk is over; then the other tasks are stopped.
    async Task UntilSilentAsync(TimeSpan linger, CancellationTokenSource stop, params Task[] others)
    {
        var talk = TalkAsync(linger, stop.Token);
        await foreach (var ended in Task.WhenEach([talk, ReceiveAsync(stop.Token), .. others]))
        {
            if (ended == talk || !ended.IsCompletedSuccessfully)
            {
                await stop.CancelAsync();
                await ended;
                return;
            }
        }
    }

    async Task TalkAsync(TimeSpan linger, CancellationToken cancellationToken)
    {
        var peer = await _peer.Task.WaitAsync(cancellationToken);
        await Task.Factory.StartNew(() => SendLines(peer, cancellationToken), cancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken);
        await _pathOpen.Task.WaitAsync(cancellationToken); // before that, the first datagrams wait in the engine
        if (linger == Timeout.InfiniteTimeSpan)
            await Task.Delay(linger, time, cancellationToken);
        while (linger - time.GetElapsedTime(Volatile.Read(ref _lastAt)) is var left && left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellationToken);
    }

    // Runs on a thread of its own, because reading blocks. The engine holds the datagrams for a new peer until the path is open, but only a few.
    void SendLines(IPEndPoint peer, CancellationToken cancellationToken)
    {
        const int held = 3; // the engine holds one more, for the ping
        int count = 0;
        foreach (var line in LineReader.Read(input))
        {
            if (count++ >= held)
                _pathOpen.Task.WaitAsync(cancellationToken).GetAwaiter().GetResult();
            Sent += socket.SendToAsync(line, peer, cancellationToken).AsTask().GetAwaiter().GetResult();
            Touch();
        }
    }

    async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var datagram = await socket.ReceiveAsync(cancellationToken);
            _peer.TrySetResult(datagram.RemoteEndPoint);
            if (!datagram.RemoteEndPoint.Equals(Peer))
                continue;
            output.Write([.. datagram.Buffer, .. LineEnd]);
            output.Flush();
            Received += datagram.Buffer.Length;
            Touch();
            _pathOpen.TrySetResult();
        }
    }

    // A ping tells whether the peer can be reached. A ping that arrives without an answer is no failure: some peers never answer.
    async Task OpenPathAsync(PingPeer ping, IPAddress peer, CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(13); // the engine needs 12 s to find that a peer can't be reached
        var reply = await ping(peer, limit, cancellationToken);
        if (reply.Status == IPStatus.DestinationHostUnreachable && !_pathOpen.Task.IsCompleted)
            throw new TeredoException(TeredoError.PeerUnreachable, reply.Problem ?? $"{peer} can't be reached.");
        Touch();
        _pathOpen.TrySetResult();
    }

    void Touch() => Volatile.Write(ref _lastAt, time.GetTimestamp());
}

/// <summary>Asks a peer for an answer, and waits so long for it: <see cref="TeredoNode.PingAsync"/>.</summary>
delegate Task<TeredoPingReply> PingPeer(IPAddress peer, TimeSpan wait, CancellationToken cancellationToken);
