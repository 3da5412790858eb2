using System.Net.Sockets;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>The congestion control of the kernel's TCP, so that it can be compared with ours.</summary>
static class CongestionControl
{
    const int Option = 13; // TCP_CONGESTION of tcp(7)

    /// <summary>Lets a TCP socket use CUBIC, as ours does, whatever this machine is set to. Connections that it accepts do, too.</summary>
    public static void UseCubic(this Socket socket) => socket.SetRawSocketOption((int)ProtocolType.Tcp, Option, "cubic"u8);
}
