using TeredoSdk.Engine;

namespace TeredoSdk.Links.Embedded;

/// <summary>The SDK's own client, on any system.</summary>
sealed class EmbeddedProvider(EngineParts parts) : ITeredoProvider
{
    public TeredoProvider Kind => TeredoProvider.Embedded;

    public string? NotSupportedReason => null;

    public async Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken) =>
        await EmbeddedLink.BringUpAsync(options, parts, passedOver, cancellationToken).ConfigureAwait(false);
}
