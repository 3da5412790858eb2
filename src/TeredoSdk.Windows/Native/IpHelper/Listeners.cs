using System.Net;
using System.Net.NetworkInformation;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>The UDP sockets and TCP listeners of this machine, through .NET's own GetExtendedUdpTable and GetExtendedTcpTable.</summary>
static class Listeners
{
    public static Reading<IReadOnlyList<WindowsListener>> Read()
    {
        try
        {
            var all = IPGlobalProperties.GetIPGlobalProperties();
            return Reading.Of<IReadOnlyList<WindowsListener>>(
                [.. Of(FirewallProtocol.Udp, all.GetActiveUdpListeners()), .. Of(FirewallProtocol.Tcp, all.GetActiveTcpListeners())]);
        }
        catch (NetworkInformationException e)
        {
            return Reading.Unknown<IReadOnlyList<WindowsListener>>(NativeCall.Failed("GetExtendedUdpTable", e.ErrorCode, "the listeners of this machine are not known"));
        }
    }

    static IEnumerable<WindowsListener> Of(FirewallProtocol protocol, IPEndPoint[] endPoints) =>
        endPoints.Select(endPoint => new WindowsListener { Protocol = protocol, EndPoint = endPoint });
}
