using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>
/// Makes ordinary sockets of Windows. The protection level is set before the bind: otherwise packets that arrive in between would be treated as
/// edge-restricted. Sockets are bound to any address, so that they survive a change of the address and native IPv6 is still preferred.
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

    /// <summary>Finds a port that is free now.</summary>
    public static int FindFreePort(IWindowsSystem windows, FirewallProtocol protocol)
    {
        var type = protocol == FirewallProtocol.Tcp ? SocketType.Stream : SocketType.Dgram;
        using var socket = FreshSocket.Prepare(() => windows.CreateSocket(type, IPProtectionLevel.EdgeRestricted), 0,
            type == SocketType.Stream ? "TCP" : "UDP", socket => socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0)));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Makes one attempt to connect.</summary>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    public static Task<Socket> ConnectAsync(IWindowsSystem windows, IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        FreshSocket.ConnectAsync(windows.CreateSocket(SocketType.Stream, IPProtectionLevel.EdgeRestricted), null, remoteEndPoint, cancellationToken);
}
