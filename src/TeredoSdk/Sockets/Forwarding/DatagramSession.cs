using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Threading.Channels;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>A UDP session: the datagrams of one sender and the answers of the target.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has neither a timer nor a wait handle: nothing is to be disposed.")]
sealed class DatagramSession(ForwardCounts counts, TimeProvider time, int maxDatagramOctets) : IForwardSession
{
    const int MaxWaiting = 64;

    // A full queue drops, as a socket's buffer does.
    readonly Channel<(byte[] Buffer, int Length)> _waiting = Channel.CreateBounded<(byte[] Buffer, int Length)>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    readonly CancellationTokenSource _ended = new();
    long _lastAt = time.GetTimestamp();

    public long LastAt => Volatile.Read(ref _lastAt);

    public CancellationToken Ended => _ended.Token;

    public void End() => _ended.Cancel();

    /// <summary>Takes a datagram of the sender; copies it.</summary>
    public void Post(ReadOnlySpan<byte> datagram)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(datagram.Length);
        datagram.CopyTo(buffer);
        if (_waiting.Writer.TryWrite((buffer, datagram.Length)))
            return;
        ArrayPool<byte>.Shared.Return(buffer);
        counts.Lose();
    }

    /// <summary>Passes datagrams on both ways until the session is ended.</summary>
    /// <param name="far">The target's side; the call disposes it.</param>
    /// <param name="header">What goes in front of each datagram to the target.</param>
    /// <param name="answer">Sends a datagram back to the sender.</param>
    /// <param name="tell">Is told of each failure. The session goes on: a program may be started later.</param>
    public async Task RunAsync(DatagramEnd far, byte[] header, Func<ReadOnlyMemory<byte>, ValueTask> answer, Action<Exception> tell)
    {
        using (far)
        {
            try
            {
                await Task.WhenAll(SendAsync(far, header, tell), ReceiveAsync(far, answer, tell)).ConfigureAwait(false);
            }
            finally
            {
                End(); // of the other direction, too
            }
        }
    }

    async Task SendAsync(DatagramEnd far, byte[] header, Action<Exception> tell)
    {
        byte[] withHeader = header.Length == 0 ? [] : [.. header, .. new byte[maxDatagramOctets]];
        await foreach (var (buffer, length) in _waiting.Reader.ReadAllAsync(Ended).ConfigureAwait(false))
        {
            try
            {
                ReadOnlyMemory<byte> datagram = buffer.AsMemory(0, length);
                if (header.Length > 0)
                {
                    datagram.CopyTo(withHeader.AsMemory(header.Length));
                    datagram = withHeader.AsMemory(0, header.Length + length);
                }
                await far.SendAsync(datagram, Ended).ConfigureAwait(false);
                Count(toTarget: true, length);
            }
            catch (Exception e) when (e is SocketException or TeredoException)
            {
                counts.Lose();
                tell(e);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    async Task ReceiveAsync(DatagramEnd far, Func<ReadOnlyMemory<byte>, ValueTask> answer, Action<Exception> tell)
    {
        byte[] buffer = new byte[maxDatagramOctets + 1]; // one more than can go on
        while (true)
        {
            try
            {
                int length = await far.ReceiveAsync(buffer, Ended).ConfigureAwait(false);
                if (length > maxDatagramOctets)
                {
                    counts.Lose();
                    continue;
                }
                counts.Reach();
                await answer(buffer.AsMemory(0, length)).ConfigureAwait(false);
                Count(toTarget: false, length);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
            {
                counts.Lose(); // Windows says it so
            }
            catch (Exception e) when (e is SocketException or TeredoException)
            {
                tell(e); // for example: nothing listens at the port
            }
        }
    }

    void Count(bool toTarget, int octets)
    {
        counts.Pass(toTarget, octets);
        Volatile.Write(ref _lastAt, time.GetTimestamp());
    }
}
