using TeredoSdk.Engine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Providers.Embedded;

/// <summary>The SDK's own client, on any system.</summary>
sealed class EmbeddedProvider(IHostNetwork network, IRandomSource random) : ITeredoProvider
{
    public TeredoProvider Kind => TeredoProvider.Embedded;

    public string? NotSupportedReason => null;

    public async Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken) =>
        await EmbeddedLink.BringUpAsync(options, network, random, passedOver, cancellationToken).ConfigureAwait(false);
}
