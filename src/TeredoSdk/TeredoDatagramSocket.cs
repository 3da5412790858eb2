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
/// An <see cref="IPProtectionLevel.Unrestricted"/> socket accepts packets from everybody, and keeps the node's address while it is open. Any other
/// socket accepts only packets from peers (address and port) that it has sent to in the last 5 minutes; a firewall would call this a flow. All other
/// packets are dropped without an answer.
/// </para>
/// <para>
/// The socket stays open when the address changes or is lost; <see cref="TeredoSocketBase.TeredoEndPoint"/> shows the current address. A limited
/// number of datagrams wait to be received: 256 with sockets inside the process, else as many as the socket's buffer holds. More are dropped. Safe
/// for any number of threads.
/// </para>
/// </remarks>
public sealed class TeredoDatagramSocket : TeredoSocketBase
{
    /// <summary>
    /// The largest datagram in octets: the MTU of 1280 (RFC 4380 §5.1.2) minus the headers of IPv6 and UDP. Larger datagrams are never fragmented.
    /// </summary>
    public const int MaxDatagramOctets = 1280 - IPv6Packet.HeaderSize - UdpDatagram.HeaderSize;

    readonly OpenDatagrams _datagrams;

    internal TeredoDatagramSocket(ITeredoLink link, OpenDatagrams datagrams) : base(link, datagrams) => _datagrams = datagrams;

    internal IDatagramEndpoint Endpoint => _datagrams.Endpoint;

    /// <summary>Sends a datagram. Like any UDP datagram it may get lost.</summary>
    /// <remarks>Until the NATs on the path are open, up to four datagrams to a new peer wait, for up to 8 s; more are lost.</remarks>
    /// <param name="datagram">The datagram, at most <see cref="MaxDatagramOctets"/>. When the call completes, it is no longer used.</param>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="cancellationToken">Gives up before sending; the socket stays usable.</param>
    /// <returns>The number of octets sent.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.MessageSize"/>: the datagram is too large.</exception>
    /// <exception cref="TeredoException">
    /// There is no address now, Teredo packets may not be sent to the peer's address, or the peer can't be reached; with kernel sockets the datagram
    /// may be lost instead. The socket stays usable.
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

    /// <summary>Receives a datagram into a new buffer, as <see cref="UdpClient.ReceiveAsync(CancellationToken)"/> does.</summary>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>The datagram, which the caller owns, and its sender.</returns>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed before or during the call.</exception>
    public ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        return Endpoint.ReceiveAsync(cancellationToken);
    }

    /// <summary>Receives a datagram into the caller's buffer.</summary>
    /// <param name="buffer">
    /// The buffer, with at least <see cref="MaxDatagramOctets"/>, so that nothing is cut off. It is in use until the call completes.
    /// </param>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>The number of octets, and their sender: an <see cref="IPEndPoint"/>.</returns>
    /// <exception cref="ArgumentException">The buffer is too small.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed before or during the call.</exception>
    public ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length < MaxDatagramOctets)
            throw new ArgumentException($"The buffer has {buffer.Length} octets; expected at least {MaxDatagramOctets}.", nameof(buffer));
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        return Endpoint.ReceiveFromAsync(buffer, cancellationToken);
    }
}
