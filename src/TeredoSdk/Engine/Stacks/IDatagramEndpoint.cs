using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Sends and receives the datagrams of a <c>TeredoDatagramSocket</c>. Safe for any number of threads.</summary>
/// <remarks>
/// Datagrams that are sent have at most 1232 octets: the MTU less the headers of IPv6 and UDP. Remote end points are IPv6 ones whose port is not 0.
/// Buffers for what is received are large enough for any datagram. Memory may be reused when a call has ended. A token gives up the wait.
/// </remarks>
interface IDatagramEndpoint : IDisposable
{
    IPEndPoint LocalEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    Socket? Socket { get; }

    /// <summary>At least the length of the next datagram in octets; 0 when none waits.</summary>
    int Available { get; }

    /// <summary>How much may wait to be received, in octets.</summary>
    int ReceiveBufferSize { get; set; }

    int Send(ReadOnlySpan<byte> datagram, SocketAddress remote);

    ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, SocketAddress remote, CancellationToken cancellationToken);

    ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    /// <returns>How many datagrams were sent or wait until their peer is reached.</returns>
    ValueTask<int> SendAsync(DatagramSlots slots, CancellationToken cancellationToken);

    /// <returns>The datagram; the caller owns its buffer.</returns>
    ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken);

    ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <param name="buffer">Takes the datagram.</param>
    /// <param name="source">Takes its sender; an IPv6 one.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    ValueTask<int> ReceiveFromAsync(Memory<byte> buffer, SocketAddress source, CancellationToken cancellationToken);

    /// <summary>Waits for datagrams, and takes those that are there.</summary>
    /// <param name="slots">Empty; takes the datagrams and their senders.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    ValueTask<int> ReceiveAsync(DatagramSlots slots, CancellationToken cancellationToken);

    /// <summary>Takes a datagram that is there, without a wait.</summary>
    bool TryReceive(Span<byte> buffer, SocketAddress source, out int length);
}
