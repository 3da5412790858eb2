using System.Diagnostics;
using System.Net;
using TeredoSdk.Links;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Sockets;

/// <summary>Connects to peers by address or by name.</summary>
static class Dialing
{
    /// <exception cref="TeredoException">The peer can't be reached, or nothing may be sent to it.</exception>
    public static async Task<OpenConnection> ConnectAsync(ITeredoLink link, IPEndPoint peer, CancellationToken cancellationToken)
    {
        if (EndPoints.RefusalOf(peer.Address) is { } refusal)
            throw refusal;
        using var activity = Tracing.BeginConnect(peer);
        long start = Stopwatch.GetTimestamp();
        try
        {
            var connection = await link.ConnectStreamAsync(peer, cancellationToken).ConfigureAwait(false);
            Metrics.RecordConnect(Stopwatch.GetElapsedTime(start), null);
            return connection;
        }
        catch (Exception e)
        {
            Tracing.Fail(activity, e);
            if (e is TeredoException failure)
                Metrics.RecordConnect(Stopwatch.GetElapsedTime(start), failure.Error);
            throw;
        }
    }

    /// <summary>Tries the addresses of a name one after the other, Teredo addresses first.</summary>
    /// <exception cref="TeredoException">The name has no IPv6 address, or none can be reached; the exception is then that of the last one.</exception>
    public static async Task<OpenConnection> ConnectAsync(ITeredoLink link, string host, int port, CancellationToken cancellationToken)
    {
        var addresses = await link.ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        for (int i = 0; ; i++)
        {
            try
            {
                return await ConnectAsync(link, new IPEndPoint(addresses[i], port), cancellationToken).ConfigureAwait(false);
            }
            catch (TeredoException) when (i < addresses.Length - 1)
            {
                // Goes on to the next address.
            }
        }
    }
}
