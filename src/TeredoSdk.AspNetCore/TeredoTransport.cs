using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TeredoSdk.AspNetCore;

/// <summary>Kestrel's transport for <see cref="TeredoEndPoint"/>s; other end points keep their transports.</summary>
sealed class TeredoTransport(ITeredoSocketFactory sockets, ILoggerFactory loggers, IOptions<TeredoHostingOptions> hosting, IOptions<TeredoOptions> options)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3); // as a rule there is an address by then, which Kestrel can tell

    public bool CanBind(EndPoint endpoint) => TeredoUrls.Of(endpoint) is not null;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var port = TeredoUrls.Of(endpoint)!;
        if (!hosting.Value.WaitForAddress)
            return new TeredoConnectionListener(await sockets.ListenAsync(port.Port, cancellationToken).ConfigureAwait(false), loggers);
        var ended = new CancellationTokenSource();
        var listening = sockets.ListenAsync(port.Port, ended.Token);
        try
        {
            return new TeredoConnectionListener(await listening.WaitAsync(Patience, options.Value.TimeProvider, cancellationToken).ConfigureAwait(false), loggers);
        }
        catch (TimeoutException)
        {
            return new TeredoConnectionListener(port, listening, ended, loggers);
        }
        catch
        {
            await ended.CancelAsync().ConfigureAwait(false);
            _ = listening.ContinueWith(static late => late.Result.DisposeAsync(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default);
            throw;
        }
    }
}
