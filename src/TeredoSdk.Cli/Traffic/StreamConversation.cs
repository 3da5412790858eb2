using System.Net.Sockets;

namespace TeredoSdk.Cli.Traffic;

/// <summary>A TCP connection between a peer and stdin and stdout: two directions that end independently.</summary>
/// <remarks>
/// Each direction has a thread of its own: reading a terminal or writing a full pipe blocks, and the engine's threads do not wait for that.
/// </remarks>
sealed class StreamConversation(TeredoConnection connection, Stream input, Stream output)
{
    const int BufferOctets = 64 * 1024;

    public long Received { get; private set; }

    public long Sent { get; private set; }

    /// <summary>Copies until both directions have ended and the peer's machine has everything.</summary>
    /// <exception cref="IOException">The connection broke. A read of the input may go on, and keeps nothing alive.</exception>
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
            BreakOff(connection);
            throw;
        }
        if (OperatingSystem.IsLinux() && connection.Socket is { } socket)
            await Drain.WaitAsync(socket, connection.RemoteEndPoint, cancellationToken);
    }

    /// <summary>Ends a connection so that the peer does not take it for the regular end.</summary>
    public static void BreakOff(TeredoConnection connection)
    {
        try
        {
            connection.Socket?.LingerState = new LingerOption(true, 0); // a reset
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
        connection.Dispose();
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
        output.Dispose(); // who reads it sees the end now, even while the other direction goes on
    }

    static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
