using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TeredoSdk.Machine;

/// <summary>Ordinary sockets of the machine that are tied to one interface.</summary>
/// <remarks>
/// On Linux the kernel ties them to the device (since Linux 5.7 without privileges). So they survive a change of its address, and never send over
/// another interface. On other systems, or where the kernel refuses, they are bound to the current Teredo address.
/// </remarks>
static class InterfaceSockets
{
    const int SolSocket = 1, BindToDevice = 25; // Linux: socket(7)

    public static Socket Listen(TeredoInterface at, ushort port, int backlog) =>
        FreshSocket.Prepare(() => Open(SocketType.Stream, ProtocolType.Tcp), port, "TCP", socket =>
        {
            Bind(socket, at, port);
            socket.Listen(backlog);
        });

    public static Socket BindDatagrams(TeredoInterface at, ushort port) =>
        FreshSocket.Prepare(() => Open(SocketType.Dgram, ProtocolType.Udp), port, "UDP", socket =>
        {
            Bind(socket, at, port);
            FreshSocket.ForbidFragments(socket);
        });

    /// <summary>Makes one attempt to connect.</summary>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    public static Task<Socket> ConnectAsync(TeredoInterface at, IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        FreshSocket.ConnectAsync(Open(SocketType.Stream, ProtocolType.Tcp), socket =>
        {
            TieToDevice(socket, at);
            socket.Bind(new IPEndPoint(at.Address.ToIPAddress(), 0));
            FreshSocket.LimitSynRetries(socket);
        }, remoteEndPoint, cancellationToken);

    /// <summary>Ties a socket to the interface. The socket must not be bound yet.</summary>
    /// <returns>Whether the system supports and allows that.</returns>
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
            return false; // Linux before 5.7 needs CAP_NET_RAW for this; or the device is gone
        }
    }

    static Socket Open(SocketType type, ProtocolType protocol) => new(AddressFamily.InterNetworkV6, type, protocol) { DualMode = false };

    static void Bind(Socket socket, TeredoInterface at, ushort port) =>
        socket.Bind(new IPEndPoint(TieToDevice(socket, at) ? IPAddress.IPv6Any : at.Address.ToIPAddress(), port));
}
