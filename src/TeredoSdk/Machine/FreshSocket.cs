using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Machine;

/// <summary>A socket from its first call to its first use: prepared as wanted, or gone.</summary>
static class FreshSocket
{
    const int SynRetries = 4; // the last one after 15 s, given up after 31 s
    const int IpProtoTcp = 6, TcpSynCount = 7, IpProtoIPv6 = 41, IPv6DontFragment = 62; // Linux: tcp(7), ipv6(7)

    /// <summary>One attempt to connect. The socket was never used for another one, and never will be.</summary>
    /// <remarks>After a failed attempt .NET gives the same object a new handle: one of the machine's own network, with no option set.</remarks>
    /// <param name="fresh">The socket; owned by this call, and by the caller when it returns.</param>
    /// <param name="prepare">Sets what the attempt needs; null for nothing.</param>
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

    /// <summary>Opens a socket of this machine and prepares it, or leaves none behind.</summary>
    /// <exception cref="TeredoException">The system refuses, and what to change about the port.</exception>
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
                ? $"{protocol} port {port} of this machine is for privileged programs only. Choose one of 1024 or more, or 0 for any."
                : $"{protocol} port {port} of this machine can't be used ({e.Message}). Choose another one, or 0 for any.", e);
        }
    }

    /// <summary>Gives an attempt to connect up after 31 s instead of two minutes.</summary>
    public static void LimitSynRetries(Socket socket)
    {
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(IpProtoTcp, TcpSynCount, BitConverter.GetBytes(SynRetries));
    }

    /// <summary>Refuses datagrams that are too large, instead of sending them in fragments.</summary>
    public static void ForbidFragments(Socket socket)
    {
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(IpProtoIPv6, IPv6DontFragment, BitConverter.GetBytes(1));
    }
}
