using System.Net.Sockets;

namespace TeredoSdk.Cli;

/// <summary>Tells systemd that a service is ready (sd_notify(3)), where it asked for that.</summary>
static class ServiceManager
{
    public static void TellReady()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } address)
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
            socket.Send("READY=1"u8);
        }
        catch (SocketException e)
        {
            Output.Notice($"The service manager can't be told that the service is ready ({e.Message}).");
        }
    }
}
