using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.AspNetCore;

/// <summary>Kestrel's transport for <see cref="TeredoEndPoint"/>s; all others stay with the transports they had.</summary>
sealed class TeredoTransport(ITeredoSocketFactory sockets, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is TeredoEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new TeredoConnectionListener(await sockets.ListenAsync(((TeredoEndPoint)endpoint).Port, cancellationToken).ConfigureAwait(false), loggers);
}

/// <summary>Accepts for Kestrel. Lives on when the Teredo address changes.</summary>
sealed class TeredoConnectionListener(TeredoListener listener, ILoggerFactory loggers) : IConnectionListener
{
    readonly SocketConnectionContextFactory _contexts = new(new(), loggers.CreateLogger<TeredoConnectionListener>());

    /// <summary>The address as it was at the bind.</summary>
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
                return null; // unbound
            }
            try
            {
                connection.Socket!.NoDelay = true; // there is TCP only where there are sockets of the kernel
                return new TeredoConnectionContext(connection, _contexts.Create(connection.Socket));
            }
            catch (Exception e) when (e is ObjectDisposedException or System.Net.Sockets.SocketException)
            {
                await connection.DisposeAsync().ConfigureAwait(false); // it ended before it began
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
