using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Datagrams over an ordinary socket.</summary>
sealed class SocketEndpoint(Socket socket, Action closing) : IDatagramEndpoint
{
    readonly IPEndPoint _any = new(IPAddress.IPv6Any, 0);
    readonly Lock _trying = new(); // held while the socket does not block
    SocketWait? _spareWait;
    int _disposed;

    public IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public Socket? Socket => socket;

    public int Available => socket.Available;

    public int ReceiveBufferSize
    {
        get => socket.ReceiveBufferSize;
        set => socket.ReceiveBufferSize = value;
    }

    public int Send(ReadOnlySpan<byte> datagram, SocketAddress remote)
    {
        try
        {
            return socket.SendTo(datagram, SocketFlags.None, remote);
        }
        catch (SocketException e) when (ProblemOf(e, remote) is { } problem)
        {
            throw problem;
        }
    }

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, SocketAddress remote, CancellationToken cancellationToken)
    {
        try
        {
            var sending = socket.SendToAsync(datagram, SocketFlags.None, remote, cancellationToken);
            return sending.IsCompletedSuccessfully ? sending : CompleteAsync(sending, remote);
        }
        catch (ObjectDisposedException) // a closed socket throws at once
        {
            return ValueTask.FromException<int>(new ObjectDisposedException(Disposed.DatagramSocket));
        }
    }

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        SendAsync(datagram, remoteEndPoint.Serialize(), cancellationToken);

    public ValueTask<int> SendAsync(DatagramSlots slots, CancellationToken cancellationToken) => SendAsync(slots, 0, 0, cancellationToken);

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
            catch (SocketException e) when (IsOfNoConcern(e))
            {
                ThrowIfDisposed(); // else the next datagram may be there
            }
        }
    }

    public ValueTask<int> ReceiveFromAsync(Memory<byte> buffer, SocketAddress source, CancellationToken cancellationToken) =>
        NextWait().ReceiveAsync(buffer, source, null, cancellationToken);

    public ValueTask<int> ReceiveAsync(DatagramSlots slots, CancellationToken cancellationToken) =>
        NextWait().ReceiveAsync(slots.Next, slots.Scratch, slots, cancellationToken);

    public bool TryReceive(Span<byte> buffer, SocketAddress source, out int length)
    {
        length = 0;
        while (socket.Poll(0, SelectMode.SelectRead))
            if (TryReceiveNow(buffer, source, out length))
                return true;
        return false;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        closing(); // called while the socket still holds the port, so that no other socket is affected
        socket.Dispose();
    }

    /// <summary>Whether a failure to receive says nothing about receiving: most are ICMPv6 errors about a datagram that was sent.</summary>
    /// <remarks>True also after the end, so that <see cref="ThrowIfDisposed"/> tells it by the right name.</remarks>
    internal bool IsOfNoConcern(SocketException e) => e.SocketErrorCode is not SocketError.OperationAborted || Volatile.Read(ref _disposed) != 0;

    internal void ThrowIfDisposed() => Disposed.ThrowIf(Volatile.Read(ref _disposed) != 0, Disposed.DatagramSocket);

    /// <summary>Takes a wait back that nobody uses any more.</summary>
    internal void Return(SocketWait wait) => _spareWait = wait;

    SocketWait NextWait() => Interlocked.Exchange(ref _spareWait, null) ?? new(this);

    // Returns false when there was nothing but an error, or another reader was quicker.
    bool TryReceiveNow(Span<byte> buffer, SocketAddress source, out int length)
    {
        lock (_trying)
        {
            bool blocks = socket.Blocking;
            socket.Blocking = false;
            try
            {
                length = socket.ReceiveFrom(buffer, SocketFlags.None, source);
                return true;
            }
            catch (SocketException e) when (IsOfNoConcern(e))
            {
                ThrowIfDisposed();
                length = 0;
                return false;
            }
            finally
            {
                socket.Blocking = blocks;
            }
        }
    }

    async ValueTask<int> CompleteAsync(ValueTask<int> sending, SocketAddress remote)
    {
        try
        {
            return await sending.ConfigureAwait(false);
        }
        catch (SocketException e) when (ProblemOf(e, remote) is { } problem)
        {
            throw problem;
        }
    }

    ValueTask<int> SendAsync(DatagramSlots slots, int first, int sent, CancellationToken cancellationToken)
    {
        for (int i = first; i < slots.Count; i++)
        {
            slots.RemoteOf(i).Write(slots.Scratch);
            var sending = SendAsync(slots[i], slots.Scratch, cancellationToken);
            if (!sending.IsCompletedSuccessfully)
                return CompleteAsync(sending, slots, i + 1, sent, cancellationToken);
            sent += sending.Result >= 0 ? 1 : 0;
        }
        return new(sent);
    }

    async ValueTask<int> CompleteAsync(ValueTask<int> sending, DatagramSlots slots, int next, int sent, CancellationToken cancellationToken)
    {
        try
        {
            await sending.ConfigureAwait(false);
            sent++;
        }
        catch (TeredoException)
        {
            // This peer can't be reached; the others get theirs.
        }
        return await SendAsync(slots, next, sent, cancellationToken).ConfigureAwait(false);
    }

    Exception? ProblemOf(SocketException e, SocketAddress remote) =>
        Volatile.Read(ref _disposed) != 0 ? new ObjectDisposedException(Disposed.DatagramSocket)
        : e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable
            ? new TeredoException(TeredoError.PeerUnreachable, $"{NameOf(remote)} can't be reached ({e.Message}). Check that it is running and has this very address.", e)
        : null;

    static string NameOf(SocketAddress remote) => RemotePort.TryRead(remote, out var port) ? $"{port.ToIPEndPoint()}" : "The peer";
}
