namespace TeredoSdk.Cli.Traffic;

/// <summary>A TCP connection between a peer and stdin and stdout. The two directions end independently.</summary>
/// <remarks>
/// Each direction has a thread of its own, because reading a terminal or writing to a full pipe blocks, and must not block the engine's threads.
/// </remarks>
sealed class StreamConversation(TeredoConnection connection, Stream input, Stream output)
{
    const int BufferOctets = 64 * 1024;

    public long Received { get; private set; }

    public long Sent { get; private set; }

    /// <summary>Copies until both directions have ended and the peer's machine has all data.</summary>
    /// <exception cref="IOException">The connection broke. A read of the input may still be waiting; it does not keep the process alive.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task[] directions =
        [
            Task.Factory.StartNew(() => Send(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default),
            Task.Factory.StartNew(() => Receive(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default),
        ];
        try
        {
            await foreach (var ended in Task.WhenEach(directions).WithCancellation(cancellationToken))
                await ended;
        }
        catch
        {
            connection.Abort();
            throw;
        }
        if (OperatingSystem.IsLinux() && connection.Socket is { } socket)
            await Drain.WaitAsync(socket, connection.RemoteEndPoint, cancellationToken);
    }

    void Send(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferOctets];
        var stream = connection.GetStream();
        int length;
        while ((length = input.Read(buffer)) > 0)
        {
            Wait(stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken));
            Sent += length;
        }
        connection.CompleteWriting();
    }

    void Receive(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferOctets];
        var stream = connection.GetStream();
        int length;
        while ((length = Wait(stream.ReadAsync(buffer, cancellationToken))) > 0)
        {
            output.Write(buffer.AsSpan(0, length));
            output.Flush();
            Received += length;
        }
        output.Dispose(); // the reader of stdout sees the end now, even while the other direction goes on
    }

    static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
