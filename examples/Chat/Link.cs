using System.Globalization;
using System.Net;
using System.Threading.Channels;

namespace Chat;

/// <summary>Lines to and from one peer. Each line is acknowledged; where lines may get lost, it is sent again until then.</summary>
/// <remarks>On the wire a line is <c>NUMBER TEXT</c>, counted from 1, and its acknowledgement <c>+NUMBER</c>.</remarks>
abstract class Link(TimeProvider time) : IAsyncDisposable
{
    /// <summary>The largest line in octets of UTF-8, so that it fits into a datagram.</summary>
    public const int MaxOctets = 1000;

    const int Attempts = 30; // 15 s, because it may take 12 s until the path through the NATs is open
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    readonly Channel<string> _received = Channel.CreateBounded<string>(64);
    readonly SemaphoreSlim _sending = new(1);
    readonly Lock _gate = new();
    TaskCompletionSource<bool>? _answer; // whether the last line was acknowledged in time; null before the first
    int _sent, _seen;
    bool _isAcknowledged, _isGone;

    public abstract IPEndPoint RemoteEndPoint { get; }

    /// <summary>The fingerprint of the peer's key, or null without TLS.</summary>
    public virtual string? RemoteFingerprint => null;

    protected abstract bool IsLossy { get; }

    /// <summary>Prepares the link: encrypts it, and starts to read.</summary>
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Sends a line of at most <see cref="MaxOctets"/>, and waits until the peer has it.</summary>
    /// <exception cref="IOException">The peer did not get the line.</exception>
    public async Task SendAsync(string line, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        using var late = new CancellationTokenSource(Attempts * Patience, time); // a peer that does not read blocks the write itself
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            lock (_gate)
                (_isAcknowledged, _sent) = (false, _sent + 1);
            string frame = string.Create(CultureInfo.InvariantCulture, $"{_sent} {line}");
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                if (attempt == 0 || IsLossy)
                    await WriteAsync(frame, limit.Token);
                if (await IsAcknowledgedInTimeAsync(limit.Token))
                    return;
            }
            throw new IOException($"{RemoteEndPoint} no longer acknowledges.");
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{RemoteEndPoint} no longer acknowledges.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next line, or null when the peer is gone.</summary>
    public async Task<string?> ReceiveAsync(CancellationToken cancellationToken) =>
        await _received.Reader.WaitToReadAsync(cancellationToken) && _received.Reader.TryRead(out string? line) ? line : null;

    public abstract ValueTask DisposeAsync();

    protected abstract Task WriteAsync(string frame, CancellationToken cancellationToken);

    /// <summary>Takes a frame of the peer. Anything that is not a frame is ignored.</summary>
    protected async Task TakeAsync(string frame, CancellationToken cancellationToken)
    {
        var (number, line) = Words.Split(frame);
        if (!int.TryParse(number.TrimStart('+'), NumberStyles.None, CultureInfo.InvariantCulture, out int count))
            return;
        if (number[0] == '+')
        {
            lock (_gate)
            {
                if (count != _sent)
                    return;
                _isAcknowledged = true;
                _answer?.TrySetResult(true);
            }
            return;
        }
        if (count == _seen + 1 && await KeepAsync(line, cancellationToken))
            _seen = count;
        if (count <= _seen) // also repeats an acknowledgement that was lost
            await WriteAsync(string.Create(CultureInfo.InvariantCulture, $"+{count}"), cancellationToken); // not as the peer wrote it, which may be long
    }

    /// <summary>Called when no more frames will come.</summary>
    protected void End()
    {
        _received.Writer.TryComplete();
        lock (_gate)
        {
            _isGone = true;
            _answer?.TrySetException(new IOException($"{RemoteEndPoint} is gone."));
            _ = _answer?.Task.Exception; // marks the exception as observed, in case nobody waits
        }
    }

    // When there is no room for a line: on a lossy link the peer sends it again later. On another link it waits, and so the peer waits, too.
    async Task<bool> KeepAsync(string line, CancellationToken cancellationToken)
    {
        while (!_received.Writer.TryWrite(line))
            if (IsLossy || !await _received.Writer.WaitToWriteAsync(cancellationToken))
                return false;
        return true;
    }

    // Awaits one task directly, so that it goes on in the caller's context.
    async Task<bool> IsAcknowledgedInTimeAsync(CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isAcknowledged)
                return true;
            if (_isGone)
                throw new IOException($"{RemoteEndPoint} is gone.");
            _answer = answer;
        }
        using var late = time.CreateTimer(_ => answer.TrySetResult(false), null, Patience, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        return await answer.Task;
    }
}
