namespace TeredoSdk.Links;

/// <summary>Chooses a node's provider: the one that the options name or, with Auto, the first that qualifies.</summary>
static class ProviderSelection
{
    /// <exception cref="TeredoException">The provider that the options name did not qualify; with Auto, no provider did.</exception>
    public static async Task<ITeredoLink> BringUpAsync(IReadOnlyList<ITeredoProvider> providers, TeredoOptions options,
        CancellationToken cancellationToken)
    {
        if (options.Provider != TeredoProvider.Auto)
        {
            var provider = providers.FirstOrDefault(provider => provider.Kind == options.Provider);
            return (provider is null ? Missing(options.Provider) : provider.NotSupportedReason) is { } reason
                ? throw new TeredoException(TeredoError.NotSupported, reason)
                : await provider!.BringUpAsync(options, [], cancellationToken).ConfigureAwait(false);
        }
        List<PassedOver> passedOver = [];
        TeredoException? failure = null;
        foreach (var provider in providers)
        {
            try
            {
                if (provider.NotSupportedReason is not { } reason)
                    return await provider.BringUpAsync(options, passedOver, cancellationToken).ConfigureAwait(false);
                passedOver.Add(new() { Way = provider.Kind.ToString(), Reason = reason });
            }
            catch (TeredoException e)
            {
                failure = e;
                passedOver.Add(new() { Way = provider.Kind.ToString(), Reason = e.Message });
            }
        }
        throw failure ?? new TeredoException(TeredoError.NotSupported, string.Join(" ", passedOver.Select(way => way.Reason)));
    }

    static string Missing(TeredoProvider kind) =>
        $"This version has no {kind} provider. Use {nameof(TeredoProvider.Auto)} or {nameof(TeredoProvider.Embedded)}, the SDK's own client.";
}
