using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>
/// Ordinary sockets of Windows. Their protection level is set before they are bound: what arrives in between would count as edge-restricted. They
/// are bound to any address, so that they outlive a change of it and a native path still wins.
/// </summary>
static class WindowsSockets
{
    public static Socket Listen(IWindowsSystem windows, ushort port, IPProtectionLevel level, int backlog) =>
        FreshSocket.Prepare(() => windows.CreateSocket(SocketType.Stream, level), port, "TCP", socket =>
        {
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            socket.Listen(backlog);
        });

    public static Socket BindDatagrams(IWindowsSystem windows, ushort port, IPProtectionLevel level) =>
        FreshSocket.Prepare(() => windows.CreateSocket(SocketType.Dgram, level), port, "UDP",
            socket => socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port)));

    /// <summary>One attempt to connect.</summary>
    /// <exception cref="SocketException">It failed; nothing is left behind.</exception>
    public static Task<Socket> ConnectAsync(IWindowsSystem windows, IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        FreshSocket.ConnectAsync(windows.CreateSocket(SocketType.Stream, IPProtectionLevel.EdgeRestricted), null, remoteEndPoint, cancellationToken);
}
