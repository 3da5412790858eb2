using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The result of asking the gateway with every protocol.</summary>
readonly record struct MappingAttempt(IMappingProtocol? Protocol, MappingAnswer Answer, string? Problem);

/// <summary>Asks the gateway with PCP, with NAT-PMP when the gateway does not know PCP, and with UPnP IGD when neither gives a mapping.</summary>
/// <param name="findGateway">Finds the gateway of the interface that has the given address; null when there is none.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
/// <remarks>
/// The search for UPnP runs at the same time, but the UPnP request comes last: most gateways keep one table for all three protocols, and when a
/// mapping was requested twice, removing either of them removes both.
/// </remarks>
sealed class GatewayPortMapper(Func<IPv4Address, IPv4Address?> findGateway, TimeProvider time, ILogger log) : IPortMapper
{
    static readonly TimeSpan PatienceBesideUpnp = TimeSpan.FromMilliseconds(750); // how long a silent PCP may still take once UPnP is found
    static readonly TimeSpan PatienceWhenAbandoned = TimeSpan.FromMilliseconds(250);

    public async Task<MappingResult> MapAsync(IPv4Endpoint local, ushort externalPort, CancellationToken cancellationToken)
    {
        var attempt = await AttemptAsync(local, new(default, externalPort), cancellationToken).ConfigureAwait(false);
        if (attempt.Protocol is not { } protocol)
            return new(null, attempt.Problem);
        return new(new PortLease(protocol, attempt.Answer, (external, token) => AttemptAsync(local, external, token), time, log), null);
    }

    async Task<MappingAttempt> AttemptAsync(IPv4Endpoint local, IPv4Endpoint external, CancellationToken cancellationToken)
    {
        if (findGateway(local.Address) is not { } gateway)
            return new(null, default, $"The interface with the address {local.Address} has no default route, so there is no gateway to ask.");
        var path = new GatewayPath(local, gateway, time, log);
        using var limit = new CancellationTokenSource(GatewayPath.Patience, time);
        using var search = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var hurry = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var searching = UpnpSearch.FindAsync(path, search.Token);
        var hurrying = HurryAsync(searching, hurry);
        List<string> refusals = [];
        try
        {
            var pcp = new PcpProtocol(path);
            if (await TryAsync(pcp, hurry.Token).ConfigureAwait(false) is { } byPcp)
                return byPcp;
            if (pcp.IsUnsupported && await TryAsync(new NatPmpProtocol(path), hurry.Token).ConfigureAwait(false) is { } byNatPmp)
                return byNatPmp;
            var services = await searching.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (services.Count == 0)
                refusals.Add("UPnP IGD is not there");
            else if (await TryAsync(new UpnpProtocol(path, services), default).ConfigureAwait(false) is { } byUpnp)
                return byUpnp;
            return new(null, default, $"The gateway {gateway} does not map UDP port {local.Port}: {string.Join("; ", refusals)}. Switch on UPnP, NAT-PMP "
                + "or PCP in the router, or forward the port there by hand; otherwise symmetric NATs keep some peers out.");
        }
        finally
        {
            await search.CancelAsync().ConfigureAwait(false);
            await hurrying.ConfigureAwait(false);
        }

        async Task<MappingAttempt?> TryAsync(IMappingProtocol protocol, CancellationToken hurried)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(hurried, cancellationToken);
            var answer = MappingAnswer.Silence;
            try
            {
                answer = await protocol.MapAsync(external, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // No answer so far.
            }
            catch (OperationCanceledException)
            {
                await RemoveAsync(protocol, PatienceWhenAbandoned, time).ConfigureAwait(false); // the gateway may have mapped it already
                throw;
            }
            if (answer.Refusal is null)
                return new(protocol, answer, null);
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

    static async Task HurryAsync(Task<IReadOnlyList<UpnpService>> searching, CancellationTokenSource hurry)
    {
        if ((await searching.ConfigureAwait(false)).Count > 0)
            hurry.CancelAfter(PatienceBesideUpnp);
    }
}
