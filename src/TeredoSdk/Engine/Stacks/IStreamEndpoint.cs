using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Sends and receives the octets of a <c>TeredoConnection</c>. Safe for any number of threads.</summary>
/// <remarks>
/// Disposing it ends the connection: nothing more is read or written. A stack that can goes on to send what was written before;
/// <see cref="ISocketStack.Retire"/> asks it to.
/// </remarks>
interface IStreamEndpoint : IDisposable
{
    IPEndPoint LocalEndPoint { get; }

    IPEndPoint RemoteEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    Socket? Socket { get; }

    /// <summary>The octets. It fails as a <see cref="NetworkStream"/> does: with an <see cref="IOException"/> around a <see cref="SocketException"/>.</summary>
    Stream Stream { get; }

    /// <summary>Whether small segments leave at once, as <see cref="Socket.NoDelay"/> has it.</summary>
    bool NoDelay { get; set; }

    /// <summary>What becomes of unsent data when the connection is closed, as <see cref="Socket.LingerState"/> has it.</summary>
    LingerOption LingerState { get; set; }

    /// <summary>After how long a silence the peer is asked for a sign of life, in whole seconds; null: never.</summary>
    TimeSpan? KeepAliveTime { get; set; }

    /// <summary>How long it takes from one question to the next, in whole seconds.</summary>
    TimeSpan KeepAliveInterval { get; set; }

    /// <summary>Tells the peer that nothing more will be sent.</summary>
    /// <exception cref="SocketException">The connection has ended.</exception>
    /// <exception cref="ObjectDisposedException">The endpoint is disposed.</exception>
    void CompleteWriting();

    /// <summary>Ends the connection with a reset. What was not sent yet is lost.</summary>
    void Abort();
}

/// <summary>Takes the connections of a <c>TeredoListener</c>. Safe for any number of threads.</summary>
interface IStreamListener : IDisposable
{
    IPEndPoint LocalEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    Socket? Socket { get; }

    /// <summary>Waits for a connection. Giving up the wait loses none.</summary>
    /// <exception cref="SocketException">The connection, or the listener itself, has failed as a <see cref="Socket"/> does.</exception>
    ValueTask<IStreamEndpoint> AcceptAsync(CancellationToken cancellationToken);
}
