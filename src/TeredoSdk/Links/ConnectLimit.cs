using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;

namespace TeredoSdk.Links;

/// <summary>The limit of one attempt to connect: <see cref="TeredoOptions.ConnectTimeout"/>.</summary>
static class ConnectLimit
{
    /// <exception cref="TeredoException">The attempt took too long.</exception>
    public static async Task<T> RunAsync<T>(TeredoOptions options, IPEndPoint peer, Func<CancellationToken, Task<T>> attempt,
        CancellationToken cancellationToken)
    {
        if (!options.HasConnectTimeout)
            return await attempt(cancellationToken).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await attempt(either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException && limit.IsCancellationRequested
            && !cancellationToken.IsCancellationRequested)
        {
            throw Problems.ConnectTimeout(peer, options.ConnectTimeout, e);
        }
    }
}
