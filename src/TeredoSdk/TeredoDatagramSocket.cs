using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
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
/// The socket stays open when the address changes or is lost; <see cref="TeredoSocketBase.TeredoEndPoint"/> shows the current address.
/// <see cref="ReceiveBufferSize"/> says how much waits to be received; more is dropped. Safe for any number of threads.
/// </para>
/// <para>
/// Calls that name the peer by a <see cref="SocketAddress"/>, and calls with a <see cref="TeredoDatagramBatch"/>, allocate nothing for a datagram.
/// Keep one <see cref="SocketAddress"/> for each peer (<see cref="IPEndPoint.Serialize"/> makes one). Batches are the quickest way by far with
/// sockets inside the process: on Linux the kernel takes up to 64 equal datagrams to one peer in one piece.
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

    /// <summary>
    /// How many octets a call to receive would find at least: the length of the next datagram, on some systems of all that wait. 0 when nothing
    /// waits, or when the next datagram is empty.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public int Available
    {
        get
        {
            ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
            return Endpoint.Available;
        }
    }

    /// <summary>How many octets may wait to be received; more is dropped.</summary>
    /// <remarks>
    /// With sockets inside the process the default is 1 MiB, a datagram takes 20 octets beside its payload, 2048 octets are the least, and memory is
    /// in use only while something waits. Other sockets have the system's default, and the system may give another size than asked for
    /// (<see cref="System.Net.Sockets.Socket.ReceiveBufferSize"/>).
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public int ReceiveBufferSize
    {
        get
        {
            ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
            return Endpoint.ReceiveBufferSize;
        }
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
            Endpoint.ReceiveBufferSize = value;
        }
    }

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
    [OverloadResolutionPriority(1)] // so that new(address, port) is an end point
    public ValueTask<int> SendToAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default)
    {
        EndPoints.Check(remoteEndPoint, nameof(remoteEndPoint));
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        CheckSize(datagram.Length);
        return EndPoints.RefusalOf(remoteEndPoint.Address) is { } refusal ? ValueTask.FromException<int>(refusal)
            : Endpoint.SendAsync(datagram, remoteEndPoint, cancellationToken);
    }

    /// <summary>Sends a datagram, as <see cref="SendToAsync(ReadOnlyMemory{byte}, IPEndPoint, CancellationToken)"/> does. Allocates nothing.</summary>
    /// <param name="datagram">The datagram, at most <see cref="MaxDatagramOctets"/>. When the call completes, it is no longer used.</param>
    /// <param name="remote">The peer's IPv6 address and port. When the call completes, it is no longer used.</param>
    /// <param name="cancellationToken">Gives up before sending; the socket stays usable.</param>
    /// <returns>The number of octets sent.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.MessageSize"/>: the datagram is too large.</exception>
    /// <exception cref="TeredoException">
    /// There is no address now, Teredo packets may not be sent to the peer's address, or the peer can't be reached; with kernel sockets the datagram
    /// may be lost instead. The socket stays usable.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public ValueTask<int> SendToAsync(ReadOnlyMemory<byte> datagram, SocketAddress remote, CancellationToken cancellationToken = default)
    {
        var refusal = EndPoints.Check(remote, nameof(remote));
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        CheckSize(datagram.Length);
        return refusal is not null ? ValueTask.FromException<int>(refusal) : Endpoint.SendAsync(datagram, remote, cancellationToken);
    }

    /// <summary>Sends a datagram at once. A call for loops that do not wait; allocates nothing.</summary>
    /// <param name="datagram">The datagram, at most <see cref="MaxDatagramOctets"/>.</param>
    /// <param name="remote">The peer's IPv6 address and port.</param>
    /// <returns>The number of octets sent.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.MessageSize"/>: the datagram is too large.</exception>
    /// <exception cref="TeredoException">
    /// There is no address now, Teredo packets may not be sent to the peer's address, or the peer can't be reached; with kernel sockets the datagram
    /// may be lost instead. The socket stays usable.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public int SendTo(ReadOnlySpan<byte> datagram, SocketAddress remote)
    {
        var refusal = EndPoints.Check(remote, nameof(remote));
        CheckSize(datagram.Length);
        return refusal is not null ? throw refusal : Endpoint.Send(datagram, remote);
    }

    /// <summary>Sends the datagrams of a batch, in their order. Allocates nothing for a datagram.</summary>
    /// <param name="batch">The datagrams and their peers. The call uses it until it completes, and leaves it as it is.</param>
    /// <param name="cancellationToken">Gives up before sending; the socket stays usable.</param>
    /// <returns>
    /// How many were handed over; those whose peer can't be reached are left out. Like any UDP datagram each may get lost.
    /// </returns>
    /// <exception cref="TeredoException">There is no address now, and nothing was sent. The socket stays usable.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public ValueTask<int> SendAsync(TeredoDatagramBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken)
            : Endpoint.SendAsync(batch.Slots, cancellationToken);
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
        CheckBuffer(buffer.Span);
        return Endpoint.ReceiveFromAsync(buffer, cancellationToken);
    }

    /// <summary>Receives a datagram into the caller's buffer. Allocates nothing.</summary>
    /// <param name="buffer">
    /// The buffer, with at least <see cref="MaxDatagramOctets"/>, so that nothing is cut off. It is in use until the call completes.
    /// </param>
    /// <param name="source">Takes the sender; made by <c>new SocketAddress(AddressFamily.InterNetworkV6)</c>. In use until the call completes.</param>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>The number of octets.</returns>
    /// <exception cref="ArgumentException">The buffer is too small, or <paramref name="source"/> is not for IPv6.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed before or during the call.</exception>
    public ValueTask<int> ReceiveFromAsync(Memory<byte> buffer, SocketAddress source, CancellationToken cancellationToken = default)
    {
        EndPoints.CheckFamily(source, nameof(source));
        CheckBuffer(buffer.Span);
        return Endpoint.ReceiveFromAsync(buffer, source, cancellationToken);
    }

    /// <summary>Takes a datagram that waits already. A call for loops that do not wait; allocates nothing.</summary>
    /// <remarks>While it runs, the <see cref="TeredoSocketBase.Socket"/> underneath does not block: a synchronous call on it may find nothing.</remarks>
    /// <param name="buffer">The buffer, with at least <see cref="MaxDatagramOctets"/>, so that nothing is cut off.</param>
    /// <param name="source">Takes the sender; made by <c>new SocketAddress(AddressFamily.InterNetworkV6)</c>.</param>
    /// <param name="length">The number of octets.</param>
    /// <returns>False when no datagram waits.</returns>
    /// <exception cref="ArgumentException">The buffer is too small, or <paramref name="source"/> is not for IPv6.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public bool TryReceiveFrom(Span<byte> buffer, SocketAddress source, out int length)
    {
        EndPoints.CheckFamily(source, nameof(source));
        CheckBuffer(buffer);
        return Endpoint.TryReceive(buffer, source, out length);
    }

    /// <summary>Waits until datagrams are there, and receives as many as the batch has room for. Allocates nothing for a datagram.</summary>
    /// <param name="batch">Takes the datagrams and their senders, in place of what it had. The call uses it until it completes.</param>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>How many datagrams there are, at least one.</returns>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed before or during the call.</exception>
    public ValueTask<int> ReceiveAsync(TeredoDatagramBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        batch.Clear();
        return Endpoint.ReceiveAsync(batch.Slots, cancellationToken);
    }

    void CheckSize(int octets)
    {
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
        if (octets > MaxDatagramOctets)
            throw TooLarge(octets);
    }

    internal static SocketException TooLarge(int octets) =>
        new((int)SocketError.MessageSize, $"A datagram of {octets} octets is too large; expected at most {MaxDatagramOctets}.");

    void CheckBuffer(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length < MaxDatagramOctets)
            throw new ArgumentException($"The buffer has {buffer.Length} octets; expected at least {MaxDatagramOctets}.", nameof(buffer));
        ObjectDisposedException.ThrowIf(_datagrams.IsDisposed, this);
    }
}
