using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>A UDP port of the host inside the process.</summary>
sealed class InProcessEndpoint(InProcessStack host, ushort port, bool isUnrestricted) : IDatagramEndpoint
{
    const int QueueCapacity = 256;
    const int FlowGeneration = 4096;

    readonly Channel<UdpReceiveResult> _received = Channel.CreateBounded<UdpReceiveResult>(QueueCapacity); // TryWrite fails when it is full

    public ushort Port => port;
    public bool IsUnrestricted => isUnrestricted;
    public IPEndPoint LocalEndPoint => new(IPAddress.IPv6Any, port);
    public Socket? Socket => null;

    /// <summary>Whom this endpoint sent to: address and port. Under the host's lock.</summary>
    public FlowTable<(IPv6Address, ushort)> Flows { get; } = new(FlowLifetime.Datagrams, FlowGeneration);

    public bool TryEnqueue(UdpReceiveResult datagram) => _received.Writer.TryWrite(datagram);

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        host.Send(this, IPv6Address.FromIPAddress(remoteEndPoint.Address), (ushort)remoteEndPoint.Port, datagram.Span);
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
            throw new ObjectDisposedException(nameof(TeredoDatagramSocket));
        }
    }

    public void Dispose()
    {
        host.Unbind(this);
        _received.Writer.TryComplete();
    }
}
