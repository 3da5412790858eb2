using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Datagrams over an ordinary socket.</summary>
sealed class SocketEndpoint(Socket socket, Action closing) : IDatagramEndpoint
{
    readonly IPEndPoint _any = new(IPAddress.IPv6Any, 0);
    int _disposed;

    public IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public Socket? Socket => socket;

    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        try
        {
            return await socket.SendToAsync(datagram, SocketFlags.None, remoteEndPoint, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException) when (Volatile.Read(ref _disposed) != 0)
        {
            throw new ObjectDisposedException(Disposed.DatagramSocket);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
        {
            throw new TeredoException(TeredoError.PeerUnreachable,
                $"{remoteEndPoint} can't be reached ({e.Message}). Check that it is running and has this very address.", e);
        }
    }

    public async ValueTask<UdpReceiveResult> ReceiveAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
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
        while (true)
        {
            try
            {
                return await socket.ReceiveFromAsync(buffer, SocketFlags.None, _any, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException) when (Volatile.Read(ref _disposed) != 0)
            {
                throw new ObjectDisposedException(Disposed.DatagramSocket);
            }
            catch (SocketException e) when (e.SocketErrorCode is not SocketError.OperationAborted)
            {
                // An ICMPv6 error about a datagram that was sent. It does not concern the receiver.
            }
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        closing(); // called while the socket still holds the port, so that no other socket is affected
        socket.Dispose();
    }
}
