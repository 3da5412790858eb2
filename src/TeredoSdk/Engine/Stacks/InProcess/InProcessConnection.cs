using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>A connection of the stack inside the process.</summary>
sealed partial class InProcessConnection : IStreamEndpoint
{
    const int OctetsAtOnce = 64 << 10; // are copied under the lock, which all connections share

    readonly InProcessStreams _streams;
    readonly TcpSocket _socket;
    readonly StreamWaits _readers, _writers;
    bool _disposed;

    /// <remarks>Called under the lock.</remarks>
    public InProcessConnection(InProcessStreams streams, TcpSocket socket)
    {
        (_streams, _socket) = (streams, socket);
        (_readers, _writers) = (new(streams), new(streams));
        socket.Owner = this;
        LocalEndPoint = new RemotePort(socket.Flow.LocalAddress, socket.Flow.LocalPort).ToIPEndPoint();
        RemoteEndPoint = new RemotePort(socket.Flow.RemoteAddress, socket.Flow.RemotePort).ToIPEndPoint();
        Stream = new InProcessStream(this);
    }

    public IPEndPoint LocalEndPoint { get; }

    public IPEndPoint RemoteEndPoint { get; }

    public Socket? Socket => null;

    public Stream Stream { get; }

    /// <summary>Whether packets of the full MTU reach the peer; null: not known.</summary>
    public bool? LargePacketsArrive
    {
        get
        {
            lock (_streams.Gate)
                return _socket.Connection.LargePacketsArrive;
        }
    }

    /// <summary>Waits until the handshake is complete.</summary>
    /// <exception cref="SocketException">The attempt failed.</exception>
    public async Task WhenConnectedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ValueTask wait;
            lock (_streams.Gate)
            {
                if (_socket.Connection.Error is var error and not TcpError.None)
                    throw new SocketException((int)CodeOf(error));
                if (_socket.Connection.State is not (TcpState.SynSent or TcpState.SynReceived))
                    return;
                wait = _writers.WaitAsync(cancellationToken);
            }
            await wait.ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ValueTask wait = default;
            bool isOver;
            int read;
            lock (_streams.Gate)
            {
                isOver = TryRead(buffer.Span, out read);
                if (!isOver)
                    wait = _readers.WaitAsync(cancellationToken);
            }
            if (isOver)
                return Finish(read);
            await wait.ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            ValueTask wait = default;
            int written;
            lock (_streams.Gate)
            {
                written = Write(buffer.Span);
                if (written == 0 && !buffer.IsEmpty)
                    wait = _writers.WaitAsync(cancellationToken);
            }
            buffer = buffer[Finish(written)..];
            await wait.ConfigureAwait(false);
        }
        while (!buffer.IsEmpty);
    }

    /// <summary>Reads on the caller's thread.</summary>
    /// <exception cref="IOException">The connection has failed, or nothing came within the limit.</exception>
    public int Read(Span<byte> buffer, TimeSpan limit)
    {
        while (true)
        {
            StreamWaits.Blocking wait = default;
            bool isOver;
            int read;
            lock (_streams.Gate)
            {
                isOver = TryRead(buffer, out read);
                if (!isOver)
                    wait = _readers.WaitBlocking();
            }
            if (isOver)
                return Finish(read);
            if (!wait.Wait(limit))
                throw Failure(SocketError.TimedOut);
        }
    }

    /// <summary>Writes on the caller's thread.</summary>
    /// <exception cref="IOException">The connection has failed, or the peer took nothing within the limit.</exception>
    public void Write(ReadOnlySpan<byte> buffer, TimeSpan limit)
    {
        do
        {
            StreamWaits.Blocking wait = default;
            int written;
            lock (_streams.Gate)
            {
                written = Write(buffer);
                if (written == 0 && !buffer.IsEmpty)
                    wait = _writers.WaitBlocking();
            }
            buffer = buffer[Finish(written)..];
            if (!wait.Wait(limit))
                throw Failure(SocketError.TimedOut);
        }
        while (!buffer.IsEmpty);
    }

    public void CompleteWriting()
    {
        lock (_streams.Gate)
        {
            ThrowIfDisposed();
            if (_socket.Connection.Error is var error and not TcpError.None)
                throw new SocketException((int)CodeOf(error));
            _streams.Host.CompleteWriting(_streams.Now, _socket);
        }
        _streams.Send();
    }

    public void Abort()
    {
        lock (_streams.Gate)
            if (!_disposed)
                _streams.Host.Abort(_streams.Now, _socket);
        _streams.Send();
    }

    /// <summary>Leaves the connection to its host, which sends what was written.</summary>
    public void Dispose()
    {
        lock (_streams.Gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_linger is { Enabled: true, LingerTime: 0 })
                _streams.Host.Abort(_streams.Now, _socket);
            _streams.Host.Abandon(_streams.Now, _socket);
            _readers.Wake();
            _writers.Wake();
        }
        _streams.Send();
    }

    /// <summary>Wakes who waits for a change. Called under the lock.</summary>
    public void Wake(TcpChanges changes)
    {
        if ((changes & (TcpChanges.Readable | TcpChanges.PeerFinished | TcpChanges.Finished | TcpChanges.Closed)) != 0)
            _readers.Wake();
        if ((changes & (TcpChanges.Connected | TcpChanges.Writable | TcpChanges.Finished | TcpChanges.Closed)) != 0)
            _writers.Wake();
    }

    // Called under the lock. Returns false when there is nothing to read yet; a read of 0 octets, too, waits until there is something.
    bool TryRead(Span<byte> buffer, out int read)
    {
        ThrowIfDisposed();
        read = 0;
        var connection = _socket.Connection;
        if (connection.ReadableOctets > 0)
        {
            if (!buffer.IsEmpty)
                read = _streams.Host.Read(_streams.Now, _socket, buffer[..Math.Min(buffer.Length, OctetsAtOnce)]);
            return true;
        }
        if (connection.Error != TcpError.None)
            throw Failure(CodeOf(connection.Error));
        return connection.IsPeerFinished || connection.State is TcpState.Closed or TcpState.TimeWait;
    }

    // Called under the lock.
    int Write(ReadOnlySpan<byte> buffer)
    {
        ThrowIfDisposed();
        var connection = _socket.Connection;
        if (connection.Error != TcpError.None)
            throw Failure(CodeOf(connection.Error));
        if (connection.State is not (TcpState.Established or TcpState.CloseWait)) // the owner has finished this side
            throw Failure(SocketError.Shutdown);
        return buffer.IsEmpty ? 0 : _streams.Host.Write(_streams.Now, _socket, buffer[..Math.Min(buffer.Length, OctetsAtOnce)]);
    }

    int Finish(int octets)
    {
        if (octets > 0)
            _streams.Send(); // what was written, or the window that has opened
        return octets;
    }

    void ThrowIfDisposed() => Disposed.ThrowIf(_disposed, Disposed.Connection);

    static IOException Failure(SocketError code)
    {
        var cause = new SocketException((int)code);
        return new(cause.Message, cause);
    }

    static SocketError CodeOf(TcpError error) => error switch
    {
        TcpError.Refused => SocketError.ConnectionRefused,
        TcpError.Reset => SocketError.ConnectionReset,
        TcpError.TimedOut => SocketError.TimedOut,
        TcpError.Unreachable => SocketError.HostUnreachable,
        _ => SocketError.OperationAborted,
    };
}
