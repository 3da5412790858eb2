using TeredoSdk.Machine;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links.Interface;

/// <summary>Uses a Teredo interface of this machine that another program keeps up, for example miredo.</summary>
/// <param name="network">The machine's network.</param>
/// <param name="interfaces">The machine's interfaces.</param>
/// <param name="isLastResort">Whether other providers come first with <see cref="TeredoProvider.Auto"/>.</param>
sealed class InterfaceProvider(IHostNetwork network, IInterfaceTable interfaces, bool isLastResort) : ITeredoProvider
{
    public TeredoProvider Kind => TeredoProvider.Interface;

    public Finding? FindReasonToWait(TeredoOptions options)
    {
        if (!isLastResort)
            return null;
        var found = new InterfaceSearch(interfaces, options.AllowPrivateAddresses).Find(out var problem);
        return found is null ? problem : InterfaceSearch.NotChosen(found);
    }

    public Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var search = new InterfaceSearch(interfaces, options.AllowPrivateAddresses);
        var found = search.Find(out var problem) ?? throw problem.ToException();
        var log = GuardedLogger.For(LogCategories.Node, options.LoggerFactory);
        return Task.FromResult<ITeredoLink>(new InterfaceLink(options, search, found, network, passedOver, log));
    }
}
