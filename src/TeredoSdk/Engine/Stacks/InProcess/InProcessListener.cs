using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>A listener of the stack inside the process.</summary>
sealed class InProcessListener : IStreamListener
{
    readonly InProcessStreams _streams;
    readonly TcpPort _listener;
    readonly StreamWaits _waits;
    bool _disposed;

    /// <remarks>Called under the lock.</remarks>
    public InProcessListener(InProcessStreams streams, TcpPort listener)
    {
        (_streams, _listener, _waits) = (streams, listener, new(streams));
        listener.Owner = this;
        LocalEndPoint = new(IPAddress.IPv6Any, listener.Port);
    }

    public IPEndPoint LocalEndPoint { get; }

    public Socket? Socket => null;

    public async ValueTask<IStreamEndpoint> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ValueTask wait;
            lock (_streams.Gate)
            {
                Disposed.ThrowIf(_disposed, Disposed.Listener);
                if (_listener.TryAccept(out var socket))
                    return new InProcessConnection(_streams, socket);
                wait = _waits.WaitAsync(cancellationToken);
            }
            await wait.ConfigureAwait(false);
        }
    }

    /// <summary>Wakes who waits for a connection. Called under the lock.</summary>
    public void Wake() => _waits.Wake();

    public void Dispose()
    {
        lock (_streams.Gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _streams.Host.Unlisten(_streams.Now, _listener);
            _waits.Wake();
        }
        _streams.Send();
    }
}
