using System.Net;
using System.Net.Sockets;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>Sends datagrams of one thread, with one <see cref="SocketAddress"/> for all of them.</summary>
sealed class Outbox(TeredoDatagramSocket socket)
{
    readonly SocketAddress _to = Peer.NewSocketAddress();

    /// <summary>Sends a datagram, or loses it while there is no address.</summary>
    public void Send(Peer to, ReadOnlySpan<byte> datagram)
    {
        to.Write(_to);
        try
        {
            socket.SendTo(datagram, _to);
        }
        catch (Exception e) when (e is TeredoException or SocketException or ObjectDisposedException)
        {
            // As lost as a datagram can be: the game repeats what matters.
        }
    }
}
