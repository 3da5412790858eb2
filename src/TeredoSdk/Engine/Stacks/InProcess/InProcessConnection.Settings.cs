using System.Net.Sockets;
using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <remarks>What the owner sets, as on a <see cref="System.Net.Sockets.Socket"/>.</remarks>
sealed partial class InProcessConnection
{
    LingerOption _linger = new(false, 0);

    public bool NoDelay
    {
        get => !Look(static own => own._socket.Connection.Nagle);
        set
        {
            lock (_streams.Gate)
            {
                ThrowIfDisposed();
                _streams.Host.SetNagle(_streams.Now, _socket, !value);
            }
            _streams.Send(); // what may not wait any more
        }
    }

    /// <remarks>What was written is sent in any case but one: a time of 0 resets the connection.</remarks>
    public LingerOption LingerState
    {
        get => Look(static own => new LingerOption(own._linger.Enabled, own._linger.LingerTime));
        set
        {
            lock (_streams.Gate)
            {
                ThrowIfDisposed();
                _linger = new(value.Enabled, value.LingerTime);
            }
        }
    }

    public TimeSpan? KeepAliveTime
    {
        get => Look(static own => own._socket.Connection.KeepAliveTime);
        set => SetKeepAlive(connection => (value, connection.KeepAliveInterval));
    }

    public TimeSpan KeepAliveInterval
    {
        get => Look(static own => own._socket.Connection.KeepAliveInterval);
        set => SetKeepAlive(connection => (connection.KeepAliveTime, value));
    }

    void SetKeepAlive(Func<TcpConnection, (TimeSpan? Time, TimeSpan Interval)> choose)
    {
        lock (_streams.Gate)
        {
            ThrowIfDisposed();
            var (time, interval) = choose(_socket.Connection);
            _streams.Host.SetKeepAlive(_streams.Now, _socket, time, interval);
        }
        _streams.Send(); // the timer follows
    }

    T Look<T>(Func<InProcessConnection, T> read)
    {
        lock (_streams.Gate)
        {
            ThrowIfDisposed();
            return read(this);
        }
    }
}
