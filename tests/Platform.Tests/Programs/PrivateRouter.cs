using System.Net;
using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>
/// A router that maps ports by NAT-PMP (RFC 6886) and is behind another NAT, so that its external address is a private one. miniupnpd maps nothing
/// there; many other routers do.
/// </summary>
sealed class PrivateRouter : IDisposable
{
    const int Port = 5351;
    readonly Socket _socket;
    readonly byte[] _external;

    public PrivateRouter(LabNat nat)
    {
        _external = nat.Address.GetAddressBytes();
        _socket = nat.CreateUdpSocket(Port);
        _ = AnswerAsync();
    }

    public void Dispose() => _socket.Dispose();

    async Task AnswerAsync()
    {
        byte[] request = new byte[1100];
        try
        {
            while (true)
            {
                var from = await _socket.ReceiveFromAsync(request, new IPEndPoint(IPAddress.Any, 0));
                await _socket.SendToAsync(Answer(request.AsSpan(0, from.ReceivedBytes)), from.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The router is gone.
        }
    }

    byte[] Answer(ReadOnlySpan<byte> request) => request switch
    {
        [0, 0] => [0, 128, 0, 0, 0, 0, 0, 1, .. _external],                                                                         // §3.2: the external address
        [0, 1, _, _, var high, var low, _, _, .. var lifetime] => [0, 129, 0, 0, 0, 0, 0, 1, high, low, high, low, .. lifetime],    // §3.3: a port for UDP
        _ => [0, 128, 0, 1, 0, 0, 0, 1],                                                                                            // §3.5: no such version, as PCP's
    };
}
