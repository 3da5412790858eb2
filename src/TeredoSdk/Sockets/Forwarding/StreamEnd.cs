using System.Net.Sockets;
using TeredoSdk.Links;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>One of the two connections of a TCP session.</summary>
abstract class StreamEnd : IAsyncDisposable
{
    public abstract Stream Stream { get; }

    /// <summary>Tells the far side that nothing more is sent.</summary>
    public abstract void CompleteWriting();

    /// <summary>Ends the connection with a reset.</summary>
    public abstract void Abort();

    public abstract ValueTask DisposeAsync();

    /// <summary>A connection over Teredo.</summary>
    public sealed class Peer(OpenConnection connection) : StreamEnd
    {
        public override Stream Stream { get; } = new ConnectionStream(connection);

        public override void CompleteWriting() => connection.CompleteWriting();
        public override void Abort() => connection.Abort();
        public override ValueTask DisposeAsync() => connection.DisposeAsync();
    }

    /// <summary>A connection with a program of this machine or its network.</summary>
    public sealed class Local(Socket socket) : StreamEnd
    {
        public override Stream Stream { get; } = new NetworkStream(socket, ownsSocket: true);

        public override void CompleteWriting() => socket.Shutdown(SocketShutdown.Send);

        public override void Abort() => socket.Close(0);

        public override ValueTask DisposeAsync() => Stream.DisposeAsync();
    }
}
