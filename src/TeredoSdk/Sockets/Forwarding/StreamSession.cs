using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>A TCP session: octets both ways between who began it and the target, each direction with its own end.</summary>
/// <remarks>
/// Nothing is read that is not written at once, so a side that does not read holds the other back. A direction that waits has no buffer. Where one end
/// breaks, the other one is reset.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source has neither a timer nor a wait handle: nothing is to be disposed.")]
sealed class StreamSession(StreamEnd near, ForwardCounts counts, TimeProvider time) : IForwardSession
{
    const int BufferOctets = 64 * 1024;

    readonly CancellationTokenSource _ended = new();
    StreamEnd? _far;
    long _lastAt = time.GetTimestamp();

    public long LastAt => Volatile.Read(ref _lastAt);

    /// <summary>Cancelled when the session is to end, also before it has reached its target.</summary>
    public CancellationToken Ended => _ended.Token;

    public void End() => _ended.Cancel();

    /// <summary>Copies until both directions have ended. Both connections are closed then.</summary>
    /// <exception cref="IOException">One of the connections broke.</exception>
    /// <exception cref="OperationCanceledException">The session was ended.</exception>
    public async Task RunAsync(StreamEnd far, ReadOnlyMemory<byte> header)
    {
        _far = far;
        try
        {
            if (!header.IsEmpty)
                await far.Stream.WriteAsync(header, Ended).ConfigureAwait(false);
            Task[] directions = [CopyAsync(near, far, toTarget: true), CopyAsync(far, near, toTarget: false)];
            try
            {
                await (await Task.WhenAny(directions).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch
            {
                Abort();
                await Task.WhenAll(directions).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }
            await Task.WhenAll(directions).ConfigureAwait(false);
        }
        catch
        {
            Abort();
            throw;
        }
        finally
        {
            await CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Resets both connections.</summary>
    public void Abort()
    {
        near.Abort();
        _far?.Abort();
    }

    public async ValueTask CloseAsync()
    {
        await near.DisposeAsync().ConfigureAwait(false);
        if (_far is not null)
            await _far.DisposeAsync().ConfigureAwait(false);
    }

    async Task CopyAsync(StreamEnd from, StreamEnd to, bool toTarget)
    {
        try
        {
            // A read of nothing ends when there is something to read; until then there is no buffer.
            while (await from.Stream.ReadAsync(Memory<byte>.Empty, Ended).ConfigureAwait(false) == 0
                && await PassOnAsync(from.Stream, to.Stream, toTarget).ConfigureAwait(false))
                continue;
            to.CompleteWriting();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException(e.Message, e);
        }
    }

    // Returns false at the end of the stream.
    async ValueTask<bool> PassOnAsync(Stream from, Stream to, bool toTarget)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferOctets);
        try
        {
            int length = await from.ReadAsync(buffer, Ended).ConfigureAwait(false);
            if (length == 0)
                return false;
            await to.WriteAsync(buffer.AsMemory(0, length), Ended).ConfigureAwait(false);
            counts.Pass(toTarget, length);
            Volatile.Write(ref _lastAt, time.GetTimestamp());
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
