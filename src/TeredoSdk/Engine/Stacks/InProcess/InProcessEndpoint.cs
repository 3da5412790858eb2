using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>A UDP port of the stack inside the process.</summary>
sealed class InProcessEndpoint(InProcessStack stack, Wakeups wakeups, ushort port, bool isUnrestricted) : IDatagramEndpoint
{
    const int FlowGeneration = 4096;

    readonly DatagramQueue _queue = new(wakeups);

    public ushort Port => port;
    public bool IsUnrestricted => isUnrestricted;
    public IPEndPoint LocalEndPoint => new(IPAddress.IPv6Any, port);
    public Socket? Socket => null;
    public int Available => _queue.NextOctets;

    public int ReceiveBufferSize
    {
        get => _queue.CapacityOctets;
        set => _queue.CapacityOctets = value;
    }

    public bool IsClosed => _queue.IsClosed;

    /// <summary>The peers that this endpoint sent to. Used under the stack's lock.</summary>
    public FlowTable<RemotePort> Flows { get; } = new(FlowLifetime.Datagrams, FlowGeneration);

    public bool TryEnqueue(RemotePort remote, ReadOnlySpan<byte> datagram) => _queue.TryAdd(remote, datagram);

    public int Send(ReadOnlySpan<byte> datagram, SocketAddress remote)
    {
        RemotePort.TryRead(remote, out var to);
        stack.Send(this, to, datagram);
        return datagram.Length;
    }

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, SocketAddress remote, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Send(datagram.Span, remote));

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        stack.Send(this, RemotePort.From(remoteEndPoint), datagram.Span);
        return ValueTask.FromResult(datagram.Length);
    }

    public ValueTask<int> SendAsync(DatagramSlots slots, CancellationToken cancellationToken) => ValueTask.FromResult(stack.Send(this, slots));

    public async ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DatagramSlots.PayloadOctets);
        try
        {
            var received = await ReceiveFromAsync(buffer, cancellationToken).ConfigureAwait(false);
            return new(buffer[..received.ReceivedBytes], (IPEndPoint)received.RemoteEndPoint);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public async ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var source = new SocketAddress(AddressFamily.InterNetworkV6);
        int length = await _queue.TakeAsync(buffer, source, cancellationToken).ConfigureAwait(false);
        RemotePort.TryRead(source, out var remote);
        return new() { ReceivedBytes = length, RemoteEndPoint = remote.ToIPEndPoint() };
    }

    public ValueTask<int> ReceiveFromAsync(Memory<byte> buffer, SocketAddress source, CancellationToken cancellationToken) =>
        _queue.TakeAsync(buffer, source, cancellationToken);

    public ValueTask<int> ReceiveAsync(DatagramSlots slots, CancellationToken cancellationToken) => _queue.TakeAsync(slots, cancellationToken);

    public bool TryReceive(Span<byte> buffer, SocketAddress source, out int length) => _queue.TryTake(buffer, source, out length);

    public void Dispose()
    {
        stack.Unbind(this);
        _queue.Close();
    }
}
