using System.Buffers;
using System.Collections.Concurrent;

namespace TeredoSdk.Cli.Traffic;

/// <summary>Sends all octets back to the peer that they came from, with many peers at once, until it is cancelled.</summary>
sealed class EchoService(Invocation invocation)
{
    const int BufferOctets = 64 * 1024;

    long _peers, _received, _sent;

    public long Peers => Interlocked.Read(ref _peers);

    public long Received => Interlocked.Read(ref _received);

    public long Sent => Interlocked.Read(ref _sent);

    public async Task RunAsync(TeredoListener listener)
    {
        var open = new ConcurrentDictionary<Task, TeredoConnection>();
        try
        {
            await foreach (var connection in listener.AcceptAllAsync(invocation.Ended))
            {
                var echo = EchoAsync(connection);
                open[echo] = connection;
                _ = echo.ContinueWith(task => open.TryRemove(task, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // The command was told to end.
        }
        await Task.WhenAll(open.Keys);
    }

    public async Task RunAsync(TeredoDatagramSocket socket)
    {
        while (!invocation.Ended.IsCancellationRequested)
        {
            try
            {
                var datagram = await socket.ReceiveAsync(invocation.Ended);
                Interlocked.Add(ref _received, datagram.Buffer.Length);
                Interlocked.Add(ref _sent, await socket.SendToAsync(datagram.Buffer, datagram.RemoteEndPoint, invocation.Ended));
            }
            catch (TeredoException e)
            {
                Tell(e.Message); // concerns this peer or this moment; the service goes on
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task EchoAsync(TeredoConnection connection)
    {
        Interlocked.Increment(ref _peers);
        Tell($"{connection.RemoteEndPoint} connected");
        try
        {
            var stream = connection.GetStream();
            // A read of nothing ends when there is something to read; until then there is no buffer.
            while (await stream.ReadAsync(Memory<byte>.Empty, invocation.Ended) == 0 && await PassOnAsync(stream))
                continue;
            Tell($"{connection.RemoteEndPoint} got all its octets back");
            await connection.DisposeAsync(); // what was written is still sent
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Tell($"{connection.RemoteEndPoint}: {e.Message}");
            connection.Abort();
        }
    }

    // Returns false at the end of the stream.
    async Task<bool> PassOnAsync(Stream stream)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferOctets);
        try
        {
            int length = await stream.ReadAsync(buffer, invocation.Ended);
            Interlocked.Add(ref _received, length);
            await stream.WriteAsync(buffer.AsMemory(0, length), invocation.Ended);
            Interlocked.Add(ref _sent, length);
            return length > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    void Tell(string line)
    {
        if (invocation.IsVerbose)
            Output.Notice(line);
    }
}
