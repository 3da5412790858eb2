using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>A connection over an ordinary socket.</summary>
sealed class SocketStream : IStreamEndpoint
{
    readonly Socket _socket;

    /// <param name="connected">The socket; this object owns it, also when the constructor fails.</param>
    /// <exception cref="SocketException">The connection has ended already.</exception>
    public SocketStream(Socket connected)
    {
        _socket = connected;
        try
        {
            LocalEndPoint = (IPEndPoint)connected.LocalEndPoint!;
            RemoteEndPoint = (IPEndPoint)connected.RemoteEndPoint!;
            Stream = new NetworkStream(connected, ownsSocket: false); // made early: a connection that has ended can't make one
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }

    public IPEndPoint LocalEndPoint { get; }

    public IPEndPoint RemoteEndPoint { get; }

    public Socket? Socket => _socket;

    public Stream Stream { get; }

    public bool NoDelay { get => _socket.NoDelay; set => _socket.NoDelay = value; }

    public LingerOption LingerState { get => _socket.LingerState!; set => _socket.LingerState = value; }

    public TimeSpan? KeepAliveTime
    {
        get => Get(SocketOptionLevel.Socket, SocketOptionName.KeepAlive) != 0
            ? TimeSpan.FromSeconds(Get(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)) : null;
        set
        {
            if (value is { } time)
                _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)time.TotalSeconds);
            _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, value is not null);
        }
    }

    public TimeSpan KeepAliveInterval
    {
        get => TimeSpan.FromSeconds(Get(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        set => _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)value.TotalSeconds);
    }

    int Get(SocketOptionLevel level, SocketOptionName name) => (int)_socket.GetSocketOption(level, name)!;

    public void CompleteWriting() => _socket.Shutdown(SocketShutdown.Send);

    public void Abort() => _socket.Close(0);

    public void Dispose() => _socket.Dispose();
}

/// <summary>Waits for the next connection of a listening socket.</summary>
delegate ValueTask<Socket> Accept(CancellationToken cancellationToken);

/// <summary>A listener over an ordinary socket.</summary>
/// <param name="socket">The listening socket; this object owns it.</param>
/// <param name="accept">Waits for a connection; null for the socket's own way.</param>
sealed class SocketListener(Socket socket, Accept? accept = null) : IStreamListener
{
    readonly Accept _accept = accept ?? socket.AcceptAsync;

    public IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public Socket? Socket => socket;

    public async ValueTask<IStreamEndpoint> AcceptAsync(CancellationToken cancellationToken) =>
        new SocketStream(await _accept(cancellationToken).ConfigureAwait(false));

    public void Dispose() => socket.Dispose();
}
