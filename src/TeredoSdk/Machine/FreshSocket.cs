using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Machine;

/// <summary>Prepares a new socket. When that fails, the socket is disposed.</summary>
static class FreshSocket
{
    const int SynRetries = 4; // the last retry comes after 15 s, and the attempt ends after 31 s
    const int IpProtoTcp = 6, TcpSynCount = 7, IpProtoIPv6 = 41, IPv6DontFragment = 62; // Linux: tcp(7), ipv6(7)

    /// <summary>Makes one attempt to connect. The socket must be new, and is not used for a second attempt.</summary>
    /// <remarks>
    /// After a failed attempt, .NET gives the same object a new handle: one in the machine's own network, without the options set before.
    /// </remarks>
    /// <param name="fresh">The socket. This call owns it until it returns; then the caller owns it.</param>
    /// <param name="prepare">Sets the options that the attempt needs; null when it needs none.</param>
    /// <param name="remoteEndPoint">The peer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    public static async Task<Socket> ConnectAsync(Socket fresh, Action<Socket>? prepare, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        try
        {
            fresh.NoDelay = true;
            prepare?.Invoke(fresh);
            await fresh.ConnectAsync(remoteEndPoint, cancellationToken).ConfigureAwait(false);
            return fresh;
        }
        catch
        {
            fresh.Dispose();
            throw;
        }
    }

    /// <summary>Opens a socket of this machine and prepares it. When that fails, no socket is left behind.</summary>
    /// <exception cref="TeredoException">The system refuses; the message says what to change about the port.</exception>
    public static Socket Prepare(Func<Socket> open, ushort port, string protocol, Action<Socket> prepare)
    {
        Socket? socket = null;
        try
        {
            socket = open();
            prepare(socket);
            return socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new TeredoException(TeredoError.PortUnavailable, e.SocketErrorCode == SocketError.AccessDenied
                ? $"{protocol} port {port} of this machine is for privileged programs only. Choose a port of 1024 or more, or 0 for any."
                : $"{protocol} port {port} of this machine can't be used ({e.Message}). Choose another port, or 0 for any.", e);
        }
    }

    /// <summary>Makes an attempt to connect end after 31 s instead of two minutes.</summary>
    public static void LimitSynRetries(Socket socket)
    {
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(IpProtoTcp, TcpSynCount, BitConverter.GetBytes(SynRetries));
    }

    /// <summary>Makes the socket refuse datagrams that are too large, instead of sending them in fragments.</summary>
    public static void ForbidFragments(Socket socket)
    {
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(IpProtoIPv6, IPv6DontFragment, BitConverter.GetBytes(1));
    }
}
