using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>A UDP socket at a Teredo address.</summary>
/// <remarks>
/// <para>
/// An <see cref="IPProtectionLevel.Unrestricted"/> socket takes packets of everybody, and holds the node's address while it is open. Any other
/// socket takes only packets of peers (address and port) that it has sent to in the last 5 minutes: what a firewall calls a flow. Everything
/// else is dropped without an answer.
/// </para>
/// <para>
/// The socket stays open when the address changes or is lost; <see cref="TeredoSocketBase.TeredoEndPoint"/> follows. A bounded number of datagrams
/// waits to be received (inside the process 256, else what the socket's buffer holds); more are dropped. Safe for any number of threads.
/// </para>
/// </remarks>
public sealed class TeredoDatagramSocket : TeredoSocketBase
{
    /// <summary>The most octets of a datagram: the MTU of 1280 (RFC 4380 §5.1.2) less the headers of IPv6 and UDP. Larger ones are never fragmented.</summary>
    public const int MaxDatagramOctets = 1280 - IPv6Packet.HeaderSize - UdpDatagram.HeaderSize;

    readonly OpenDatagrams _datagrams;

    internal TeredoDatagramSocket(ITeredoLink link, OpenDatagrams datagrams) : base(link, datagrams) => _datagrams = datagrams;

    internal IDatagramEndpoint Endpoint => _datagrams.Endpoint;

    /// <summary>Sends a datagram. As with any UDP it may be lost.</summary>
    /// <remarks>Until the two NATs are open, up to four datagrams to a new peer wait, for up to 8 s; more are lost.</remarks>
    /// <param name="datagram">What to send, at most <see cref="MaxDatagramOctets"/>; not used any more when the call completes.</param>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="cancellationToken">Gives up before sending; the socket stays usable.</param>
    /// <returns>The octets sent.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.MessageSize"/>: the datagram is too large.</exception>
    /// <exception cref="TeredoException">
    /// There is no address now, or the peer may not or can't be reached; sockets of the kernel lose such a datagram instead. The socket stays usable.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public ValueTask<int> SendToAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default)
    {
        EndPoints.Check(remoteEndPoint, nameof(remoteEndPoint));
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        if (datagram.Length > MaxDatagramOctets)
            throw new SocketException((int)SocketError.MessageSize, $"A datagram of {datagram.Length} octets is too large; expected at most {MaxDatagramOctets}.");
        return EndPoints.RefusalOf(remoteEndPoint.Address) is { } refusal ? ValueTask.FromException<int>(refusal)
            : Endpoint.SendAsync(datagram, remoteEndPoint, cancellationToken);
    }

    /// <summary>Receives a datagram into a buffer of its own, as <see cref="UdpClient.ReceiveAsync(CancellationToken)"/> does.</summary>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>The datagram, the caller's own, and where it came from.</returns>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed, or was while waiting.</exception>
    public ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        return Endpoint.ReceiveAsync(cancellationToken);
    }

    /// <summary>Receives a datagram into the caller's buffer.</summary>
    /// <param name="buffer">Where it goes: at least <see cref="MaxDatagramOctets"/>, so that nothing is cut off. In use until the call completes.</param>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>How many octets there are, and where they came from: an <see cref="IPEndPoint"/>.</returns>
    /// <exception cref="ArgumentException">The buffer is too small.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed, or was while waiting.</exception>
    public ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length < MaxDatagramOctets)
            throw new ArgumentException($"The buffer has {buffer.Length} octets; expected at least {MaxDatagramOctets}.", nameof(buffer));
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        return Endpoint.ReceiveFromAsync(buffer, cancellationToken);
    }
}
