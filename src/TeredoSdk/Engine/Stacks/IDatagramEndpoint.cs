using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>What carries the datagrams of a <see cref="TeredoDatagramSocket"/>. Safe for any number of threads.</summary>
interface IDatagramEndpoint : IDisposable
{
    IPEndPoint LocalEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    Socket? Socket { get; }

    /// <param name="datagram">At most <see cref="TeredoDatagramSocket.MaxDatagramOctets"/>; not used any more when the call returns.</param>
    /// <param name="remoteEndPoint">An IPv6 end point whose port is not 0.</param>
    /// <param name="cancellationToken">Gives up a wait.</param>
    ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken);
}
