using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TeredoSdk.Machine;

/// <summary>Ordinary sockets of the machine that are tied to one interface.</summary>
/// <remarks>
/// On Linux the kernel ties them to the device (since Linux 5.7 without privileges), so they outlive a change of its address and never send
/// elsewhere. On other systems, or where that is refused, they are bound to the Teredo address as it is now.
/// </remarks>
static class InterfaceSockets
{
    const int SynRetries = 4; // the last one after 15 s, given up after 31 s
    const int SolSocket = 1, BindToDevice = 25;                                            // Linux
    const int IpProtoTcp = 6, TcpSynCount = 7, IpProtoIPv6 = 41, IPv6DontFragment = 62;    // Linux

    public static Socket Listen(TeredoInterface at, ushort port, int backlog) =>
        Prepare(() => Open(SocketType.Stream, ProtocolType.Tcp), port, "TCP", socket =>
        {
            Bind(socket, at, port);
            socket.Listen(backlog);
        });

    public static Socket BindDatagrams(TeredoInterface at, ushort port) =>
        Prepare(() => Open(SocketType.Dgram, ProtocolType.Udp), port, "UDP", socket =>
        {
            Bind(socket, at, port);
            if (OperatingSystem.IsLinux())
                socket.SetRawSocketOption(IpProtoIPv6, IPv6DontFragment, BitConverter.GetBytes(1));
        });

    /// <summary>One attempt, with a fresh socket: after a failed one .NET would make a new handle, tied to nothing.</summary>
    /// <exception cref="SocketException">It failed; nothing is left behind.</exception>
    public static async Task<Socket> ConnectAsync(TeredoInterface at, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        var socket = Open(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            TieToDevice(socket, at);
            socket.Bind(new IPEndPoint(at.Address.ToIPAddress(), 0));
            if (OperatingSystem.IsLinux())
                socket.SetRawSocketOption(IpProtoTcp, TcpSynCount, BitConverter.GetBytes(SynRetries));
            await socket.ConnectAsync(remoteEndPoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Ties a socket that is not bound yet to the interface.</summary>
    /// <returns>Whether the system can do that and allows it.</returns>
    public static bool TieToDevice(Socket socket, TeredoInterface at)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            socket.SetRawSocketOption(SolSocket, BindToDevice, Encoding.UTF8.GetBytes(at.Name));
            return true;
        }
        catch (SocketException)
        {
            return false; // before Linux 5.7 without CAP_NET_RAW, or the device is gone
        }
    }

    /// <summary>Opens and prepares a socket, or leaves none behind.</summary>
    /// <exception cref="TeredoException">The system refuses: what about the port to change.</exception>
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

    static Socket Open(SocketType type, ProtocolType protocol) => new(AddressFamily.InterNetworkV6, type, protocol) { DualMode = false };

    static void Bind(Socket socket, TeredoInterface at, ushort port) =>
        socket.Bind(new IPEndPoint(TieToDevice(socket, at) ? IPAddress.IPv6Any : at.Address.ToIPAddress(), port));
}
