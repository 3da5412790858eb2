using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>
/// Looks for the gateway's UPnP services: sends a search to the gateway and to the multicast group, then reads the gateway's description.
/// </summary>
/// <remarks>Answers of other hosts are ignored: only the gateway can map our port.</remarks>
static class UpnpSearch
{
    const int MaxAnswers = 32; // datagrams that we read at most; a gateway sends a handful

    /// <returns>The services; empty when there is no such gateway. Cancelling ends the search without a result.</returns>
    public static async Task<IReadOnlyList<UpnpService>> FindAsync(GatewayPath path, CancellationToken cancellationToken)
    {
        try
        {
            if (await LocateAsync(path, cancellationToken).ConfigureAwait(false) is not { } location)
                return [];
            using var http = new UpnpHttp(path);
            return await http.GetAsync(location, cancellationToken).ConfigureAwait(false) is { } octets
                ? UpnpDocument.ReadServices(octets, location, path.Gateway) : [];
        }
        catch (SocketException e)
        {
            MappingLog.NoAnswer(path.Log, path.Gateway, e.Message);
        }
        catch (OperationCanceledException)
        {
            // No answer came in time, or another protocol has given a mapping.
        }
        return [];
    }

    static async Task<Uri?> LocateAsync(GatewayPath path, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(path.Local.Address.ToIPAddress(), 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, path.Local.Address.ToIPAddress().GetAddressBytes());
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 2); // UPnP Device Architecture 1.1 §1.1
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var receiving = ReceiveAsync(socket, path, stop.Token);
        try
        {
            for (var wait = GatewayPath.FirstWait; ; wait *= 2)
            {
                Send(socket, path.Gateway);
                Send(socket, SsdpAnswer.Group);
                try
                {
                    return await receiving.WaitAsync(wait, path.Time, stop.Token).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    continue;
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static void Send(Socket socket, IPv4Address target)
    {
        try
        {
            socket.SendTo(SsdpAnswer.WriteSearch(target), new IPv4Endpoint(target, SsdpAnswer.Port).ToIPEndPoint());
        }
        catch (SocketException)
        {
            // There is no route for multicast, or the gateway's port is closed. The other of the two targets may still answer.
        }
    }

    static async Task<Uri?> ReceiveAsync(Socket socket, GatewayPath path, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[2048];
        for (int i = 0; i < MaxAnswers; i++)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                continue; // an ICMP error, or a datagram larger than the buffer
            }
            var source = IPv4Address.FromIPAddress(((IPEndPoint)received.RemoteEndPoint).Address);
            string problem = "it is not the gateway";
            if (source == path.Gateway && SsdpAnswer.Read(buffer.AsSpan(0, received.ReceivedBytes), source, out problem) is { } location)
                return location;
            MappingLog.UpnpIgnored(path.Log, source, problem);
        }
        return null;
    }
}
