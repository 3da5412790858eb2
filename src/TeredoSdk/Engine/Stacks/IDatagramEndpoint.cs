using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Sends and receives the datagrams of a <c>TeredoDatagramSocket</c>. Safe for any number of threads.</summary>
interface IDatagramEndpoint : IDisposable
{
    IPEndPoint LocalEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    Socket? Socket { get; }

    /// <param name="datagram">
    /// At most 1232 octets: the MTU less the headers of IPv6 and UDP. The memory may be reused when the call has returned.
    /// </param>
    /// <param name="remoteEndPoint">An IPv6 end point whose port is not 0.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    /// <returns>The datagram; the caller owns its buffer.</returns>
    ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken);

    /// <param name="buffer">Large enough for any datagram.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
