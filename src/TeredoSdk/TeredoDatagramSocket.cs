using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using TeredoSdk.Engine.InProcess;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk;

/// <summary>A UDP socket at a node's Teredo address. Made by <see cref="TeredoNode.BindAsync"/>.</summary>
/// <remarks>
/// <para>
/// An <see cref="IPProtectionLevel.Unrestricted"/> socket takes packets of anybody, and holds the node's address for as long as
/// it is open. Any other takes only packets from whom it sent to in the last 5 minutes (address and port), which is what a
/// firewall's flow is. Everything else is dropped without an answer.
/// </para>
/// <para>
/// The socket stays open when the address changes or is lost; <see cref="TeredoEndPoint"/> follows. Up to 256 datagrams wait to be
/// received; more are dropped and counted. Safe for any number of threads.
/// </para>
/// </remarks>
public sealed class TeredoDatagramSocket : IDisposable, IAsyncDisposable
{
    /// <summary>The most octets of a datagram: the MTU of 1280 (RFC 4380 §5.1.2) less the headers of IPv6 and UDP. Larger ones are never fragmented.</summary>
    public const int MaxDatagramOctets = 1280 - Ipv6Packet.HeaderSize - UdpDatagram.HeaderSize;

    const int QueueCapacity = 256;

    readonly InProcessHost _host;
    readonly ushort _port;
    readonly Channel<UdpReceiveResult> _received = Channel.CreateBounded<UdpReceiveResult>(QueueCapacity); // TryWrite fails when it is full
    int _disposed;

    internal TeredoDatagramSocket(InProcessHost host, ushort port, IPProtectionLevel level) => (_host, _port, ProtectionLevel) = (host, port, level);

    /// <summary>Who may get in.</summary>
    public IPProtectionLevel ProtectionLevel { get; }

    /// <summary>The port, at any address that the node has.</summary>
    public IPEndPoint LocalEndPoint => new(IPAddress.IPv6Any, _port);

    /// <summary>The Teredo address and port that a peer dials, or null while the node has no address.</summary>
    public IPEndPoint? TeredoEndPoint => Volatile.Read(ref _disposed) == 0 && _host.Address is { } address ? new(address.ToIPAddress(), _port) : null;

    internal bool IsUnrestricted => ProtectionLevel == IPProtectionLevel.Unrestricted;

    /// <summary>Whom this socket sent to. Under the host's lock.</summary>
    internal FlowTable Flows { get; } = new();

    /// <summary>Sends a datagram. As with any UDP it may be lost.</summary>
    /// <remarks>Until the two NATs are open, up to four datagrams to a new peer wait, for up to 8 s; more are lost.</remarks>
    /// <param name="datagram">What to send, at most <see cref="MaxDatagramOctets"/>; not used any more when the call returns.</param>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="cancellationToken">Looked at before sending.</param>
    /// <returns>The octets sent.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.MessageSize"/>: the datagram is too large.</exception>
    /// <exception cref="TeredoException">There is no address now, or the peer may not or can't be reached. The socket stays usable.</exception>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed.</exception>
    public ValueTask<int> SendToAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(remoteEndPoint);
        if (remoteEndPoint.AddressFamily != AddressFamily.InterNetworkV6 || remoteEndPoint.Port == 0)
            throw new ArgumentException($"{nameof(remoteEndPoint)} is {remoteEndPoint}; expected an IPv6 address and a port of 1 to 65535.", nameof(remoteEndPoint));
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (datagram.Length > MaxDatagramOctets)
            throw new SocketException((int)SocketError.MessageSize, $"A datagram of {datagram.Length} octets is too large; expected at most {MaxDatagramOctets}.");
        _host.Send(this, Ipv6Address.FromIPAddress(remoteEndPoint.Address), (ushort)remoteEndPoint.Port, datagram.Span);
        return ValueTask.FromResult(datagram.Length);
    }

    /// <summary>Receives a datagram.</summary>
    /// <param name="cancellationToken">Gives up the wait; the socket stays usable, and nothing is lost.</param>
    /// <returns>The datagram, the caller's own, and where it came from.</returns>
    /// <exception cref="ObjectDisposedException">The socket or its node is disposed, or was while waiting.</exception>
    public async ValueTask<UdpReceiveResult> ReceiveFromAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        try
        {
            return await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(TeredoDatagramSocket));
        }
    }

    /// <summary>Closes the socket and ends every wait on it. Idempotent.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _host.Unbind(this);
        _received.Writer.TryComplete();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal bool TryEnqueue(UdpReceiveResult datagram) => _received.Writer.TryWrite(datagram);
}
