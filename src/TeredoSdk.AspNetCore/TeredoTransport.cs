using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.AspNetCore;

/// <summary>Kestrel's transport for <see cref="TeredoEndPoint"/>s; other end points keep their transports.</summary>
sealed class TeredoTransport(ITeredoSocketFactory sockets, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is TeredoEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new TeredoConnectionListener(await sockets.ListenAsync(((TeredoEndPoint)endpoint).Port, cancellationToken).ConfigureAwait(false), loggers);
}

/// <summary>Accepts connections for Kestrel. It goes on when the Teredo address changes.</summary>
sealed class TeredoConnectionListener(TeredoListener listener, ILoggerFactory loggers) : IConnectionListener
{
    readonly SocketConnectionContextFactory _contexts = new(new(), loggers.CreateLogger<TeredoConnectionListener>());

    /// <summary>The address at the time of the bind.</summary>
    public EndPoint EndPoint { get; } = listener.TeredoEndPoint ?? listener.LocalEndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TeredoConnection connection;
            try
            {
                connection = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                return null; // the listener was unbound
            }
            try
            {
                if (connection.Socket is null)
                    return new StreamConnectionContext(connection);
                connection.Socket.NoDelay = true;
                return new TeredoConnectionContext(connection, _contexts.Create(connection.Socket));
            }
            catch (Exception e) when (e is ObjectDisposedException or System.Net.Sockets.SocketException)
            {
                await connection.DisposeAsync().ConfigureAwait(false); // the connection ended before Kestrel took it
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        _contexts.Dispose();
    }
}
