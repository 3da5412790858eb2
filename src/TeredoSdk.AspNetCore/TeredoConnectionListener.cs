using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.AspNetCore;

/// <summary>
/// Accepts connections for Kestrel. It goes on when the Teredo address changes, and may begin before there is one.
/// </summary>
sealed partial class TeredoConnectionListener : IConnectionListener
{
    readonly Task<TeredoListener> _listening;
    readonly CancellationTokenSource? _ended;
    readonly SocketConnectionContextFactory _contexts;
    readonly ILogger _log;

    public TeredoConnectionListener(TeredoListener listener, ILoggerFactory loggers) : this(listener.TeredoEndPoint ?? listener.LocalEndPoint,
        Task.FromResult(listener), null, loggers)
    {
    }

    /// <param name="endPoint">What Kestrel tells that it listens at.</param>
    /// <param name="listening">The listener, as soon as there is an address.</param>
    /// <param name="ended">Ends the wait for it; this object disposes it.</param>
    /// <param name="loggers">Makes the loggers.</param>
    public TeredoConnectionListener(EndPoint endPoint, Task<TeredoListener> listening, CancellationTokenSource? ended, ILoggerFactory loggers)
    {
        (EndPoint, _listening, _ended) = (endPoint, listening, ended);
        _log = loggers.CreateLogger<TeredoEndPoint>();
        _contexts = new(new(), loggers.CreateLogger<TeredoConnectionListener>());
        if (!listening.IsCompleted)
            LogWait(_log, endPoint);
    }

    /// <summary>The address at the time of the bind.</summary>
    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TeredoConnection connection;
            try
            {
                connection = await (await ListenerAsync(cancellationToken).ConfigureAwait(false)).AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
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

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (_ended is not null)
            await _ended.CancelAsync().ConfigureAwait(false);
        try
        {
            await (await _listening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or TeredoException)
        {
            // It never listened.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        _ended?.Dispose();
        _contexts.Dispose();
    }

    async ValueTask<TeredoListener> ListenerAsync(CancellationToken cancellationToken)
    {
        if (_listening.IsCompletedSuccessfully)
            return _listening.Result;
        var listener = await _listening.WaitAsync(cancellationToken).ConfigureAwait(false);
        LogListening(_log, listener.TeredoEndPoint);
        return listener;
    }

    [LoggerMessage(3012, LogLevel.Warning, "There is no Teredo address yet. The application starts without one, and listens at {EndPoint} as soon as there is one.")]
    static partial void LogWait(ILogger log, EndPoint endPoint);

    [LoggerMessage(3013, LogLevel.Information, "Now listening at the Teredo address: {EndPoint}")]
    static partial void LogListening(ILogger log, EndPoint? endPoint);
}
