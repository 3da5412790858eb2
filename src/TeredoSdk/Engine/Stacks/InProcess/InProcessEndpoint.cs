using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>A UDP port of the stack inside the process.</summary>
sealed class InProcessEndpoint(InProcessStack stack, ushort port, bool isUnrestricted) : IDatagramEndpoint
{
    const int QueueCapacity = 256;
    const int FlowGeneration = 4096;

    readonly Channel<UdpReceiveResult> _received = Channel.CreateBounded<UdpReceiveResult>(QueueCapacity); // TryWrite fails when the queue is full

    public ushort Port => port;
    public bool IsUnrestricted => isUnrestricted;
    public IPEndPoint LocalEndPoint => new(IPAddress.IPv6Any, port);
    public Socket? Socket => null;

    /// <summary>The peers that this endpoint sent to: address and port. Used under the stack's lock.</summary>
    public FlowTable<(IPv6Address, ushort)> Flows { get; } = new(FlowLifetime.Datagrams, FlowGeneration);

    public bool TryEnqueue(UdpReceiveResult datagram) => _received.Writer.TryWrite(datagram);

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        stack.Send(this, IPv6Address.FromIPAddress(remoteEndPoint.Address), (ushort)remoteEndPoint.Port, datagram.Span);
        return ValueTask.FromResult(datagram.Length);
    }

    public async ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(Disposed.DatagramSocket);
        }
    }

    public async ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var datagram = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
        datagram.Buffer.CopyTo(buffer);
        return new() { ReceivedBytes = datagram.Buffer.Length, RemoteEndPoint = datagram.RemoteEndPoint };
    }

    public void Dispose()
    {
        stack.Unbind(this);
        _received.Writer.TryComplete();
    }
}
