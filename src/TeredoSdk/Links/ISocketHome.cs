using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Links;

/// <summary>What a socket needs of the link that it belongs to.</summary>
interface ISocketHome
{
    IPAddress? Address { get; }
    TeredoReport Report { get; }
    IAsyncEnumerable<TeredoStateChange> Changes { get; }

    /// <summary>Makes a connection of a socket that a listener of this home accepted.</summary>
    /// <exception cref="ObjectDisposedException">The home is closed; the socket is disposed.</exception>
    TeredoConnection Adopt(Socket accepted);

    /// <summary>The owner of a connection closed it. What was written is still sent, as far as the link lasts. Owns the socket from here on.</summary>
    void Retire(Socket socket) => socket.Dispose();

    /// <summary>The socket is about to be closed, and still has its port. Called once for each.</summary>
    void Remove(TeredoSocket socket);
}
