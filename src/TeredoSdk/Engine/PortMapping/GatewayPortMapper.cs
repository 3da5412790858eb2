using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The result of asking the gateway with every protocol.</summary>
readonly record struct MappingAttempt(IMappingProtocol? Protocol, MappingAnswer Answer, string? Problem);

/// <summary>Asks the gateway with PCP, with NAT-PMP unless the gateway refused PCP in its own words, and with UPnP IGD when neither gives a mapping.</summary>
/// <param name="findGateway">Finds the gateway of the interface that has the given address; null when there is none.</param>
/// <param name="notes">Notes of UPnP mappings; null when there is no place for them.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
/// <remarks>
/// The search for UPnP runs at the same time, but the UPnP request comes last: most gateways keep one table for all three protocols, and when a
/// mapping was requested twice, removing either of them removes both.
/// </remarks>
sealed class GatewayPortMapper(Func<IPv4Address, LocalGateway?> findGateway, MappingNotes? notes, TimeProvider time, ILogger log) : IPortMapper
{
    static readonly TimeSpan PatienceBesideUpnp = TimeSpan.FromMilliseconds(750); // how long a silent protocol may still take once UPnP is found
    static readonly TimeSpan PatienceWhenAbandoned = TimeSpan.FromMilliseconds(250);

    public async Task<MappingResult> MapAsync(IPv4Endpoint local, ushort externalPort, CancellationToken cancellationToken)
    {
        if (findGateway(local.Address) is { } gateway)
            await RemoveLeftAsync(PathTo(gateway, local), cancellationToken).ConfigureAwait(false);
        var attempt = await AttemptAsync(local, new(default, externalPort), cancellationToken).ConfigureAwait(false);
        if (attempt.Protocol is not { } protocol)
            return new(null, attempt.Problem);
        return new(new PortLease(protocol, attempt.Answer, (external, token) => AttemptAsync(local, external, token), time, log), null);
    }

    GatewayPath PathTo(LocalGateway gateway, IPv4Endpoint local) => new(local, gateway.Address, gateway.Link, time, log);

    async Task<MappingAttempt> AttemptAsync(IPv4Endpoint local, IPv4Endpoint external, CancellationToken cancellationToken)
    {
        if (findGateway(local.Address) is not { } gateway)
            return new(null, default, $"The interface with the address {local.Address} has no default route, so there is no gateway to ask.");
        var path = PathTo(gateway, local);
        using var limit = new CancellationTokenSource(GatewayPath.Patience, time);
        using var search = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var searching = UpnpSearch.FindAsync(path, search.Token);
        List<string> refusals = [];
        try
        {
            var pcp = new PcpProtocol(path with { });
            if (await TryBesideUpnpAsync(pcp).ConfigureAwait(false) is { } byPcp)
                return byPcp;
            if (pcp.LeavesNatPmp && await TryBesideUpnpAsync(new NatPmpProtocol(path with { })).ConfigureAwait(false) is { } byNatPmp)
                return byNatPmp;
            var found = await searching.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (found.Services.Count == 0)
                refusals.Add($"UPnP IGD {found.Problem}");
            else if (await TryAsync(new UpnpProtocol(path, found.Services, notes), path, cancellationToken).ConfigureAwait(false) is { } byUpnp)
                return byUpnp;
            return new(null, default, $"The gateway {path.Gateway} does not map UDP port {local.Port}: {string.Join("; ", refusals)}. Switch on UPnP, "
                + "NAT-PMP or PCP in the router, or forward the port there by hand; otherwise symmetric NATs keep some peers out.");
        }
        finally
        {
            await search.CancelAsync().ConfigureAwait(false);
            await searching.ConfigureAwait(false);
        }

        async Task<MappingAttempt?> TryBesideUpnpAsync(IMappingProtocol protocol)
        {
            using var hurry = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var hurrying = HurryAsync(searching, hurry);
            try
            {
                return await TryAsync(protocol, path, hurry.Token).ConfigureAwait(false);
            }
            finally
            {
                await hurry.CancelAsync().ConfigureAwait(false);
                await hurrying.ConfigureAwait(false);
            }
        }

        async Task<MappingAttempt?> TryAsync(IMappingProtocol protocol, GatewayPath way, CancellationToken hurried)
        {
            var answer = way.Silence;
            try
            {
                answer = await protocol.MapAsync(external, hurried).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                answer = way.Silence; // no answer so far
            }
            catch (OperationCanceledException)
            {
                await RemoveAsync(protocol, PatienceWhenAbandoned, time).ConfigureAwait(false); // the gateway may have mapped it already
                throw;
            }
            if (answer.Refusal is null)
                return new(protocol, answer, null);
            if (answer.IsLeftBehind)
                await RemoveAsync(protocol, PatienceWhenAbandoned, time).ConfigureAwait(false);
            refusals.Add($"{protocol.Name} {answer.Refusal}");
            return null;
        }
    }

    /// <summary>Removes a mapping, or gives up when the time is over; never fails.</summary>
    public static async Task RemoveAsync(IMappingProtocol protocol, TimeSpan patience, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(patience, time);
        await protocol.RemoveAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // RFC 6081 §5.3.3: what an earlier run left is removed before a mapping is asked for.
    async Task RemoveLeftAsync(GatewayPath path, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(GatewayPath.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach (var left in notes?.TakeDead() ?? [])
        {
            try
            {
                if (!await UpnpProtocol.RemoveLeftAsync(path, left, either.Token).ConfigureAwait(false))
                    continue; // the gateway is away, or we are in another network: the note stays for a later start
                MappingLog.LeftRemoved(log, left.Port, left.Local);
                left.Remove();
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    async Task HurryAsync(Task<UpnpFindings> searching, CancellationTokenSource attempt)
    {
        try
        {
            if ((await searching.WaitAsync(attempt.Token).ConfigureAwait(false)).Services.Count == 0)
                return;
            await Task.Delay(PatienceBesideUpnp, time, attempt.Token).ConfigureAwait(false);
            await attempt.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The attempt is over.
        }
    }
}
