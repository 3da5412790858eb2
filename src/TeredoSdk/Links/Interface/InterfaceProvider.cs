using TeredoSdk.Machine;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links.Interface;

/// <summary>Uses a Teredo interface of this machine that another program keeps up, for example miredo.</summary>
sealed class InterfaceProvider(IHostNetwork network, IInterfaceTable interfaces) : ITeredoProvider
{
    public TeredoProvider Kind => TeredoProvider.Interface;

    public string? NotSupportedReason => null;

    public Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var search = new InterfaceSearch(interfaces, options.AllowPrivateAddresses);
        var found = search.Find(out string problem) ?? throw new TeredoException(TeredoError.InterfaceUnavailable, problem);
        var log = GuardedLogger.For(LogCategories.Node, options.LoggerFactory);
        return Task.FromResult<ITeredoLink>(new InterfaceLink(options, search, found, network, passedOver, log));
    }
}
