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
            return (provider is null ? Missing(options.Provider) : provider.NotSupported) is { } reason
                ? throw reason.ToException()
                : await provider!.BringUpAsync(options, [], cancellationToken).ConfigureAwait(false);
        }
        List<PassedOver> passedOver = [];
        List<ITeredoProvider> waiting = [];
        TeredoException? failure = null;
        foreach (var provider in providers)
        {
            if ((provider.NotSupported ?? provider.FindReasonToWait(options)) is not { } reason)
            {
                if (await TryAsync(provider).ConfigureAwait(false) is { } link)
                    return link;
                continue;
            }
            passedOver.Add(new() { Way = provider.Kind.ToString(), Finding = reason });
            if (provider.NotSupported is null)
                waiting.Add(provider);
        }
        var first = failure; // what the preferred providers lack is what a person can do something about
        foreach (var provider in waiting)
        {
            passedOver.RemoveAll(way => way.Way == provider.Kind.ToString());
            if (await TryAsync(provider).ConfigureAwait(false) is { } link)
                return link;
        }
        throw first ?? failure ?? new TeredoException(TeredoError.NotSupported, string.Join(" ", passedOver.Select(way => way.Reason)));

        async Task<ITeredoLink?> TryAsync(ITeredoProvider provider)
        {
            try
            {
                return await provider.BringUpAsync(options, passedOver, cancellationToken).ConfigureAwait(false);
            }
            catch (TeredoException e)
            {
                failure = e;
                passedOver.Add(new() { Way = provider.Kind.ToString(), Finding = e.Finding });
                return null;
            }
        }
    }

    static Finding Missing(TeredoProvider kind) => NotSupported(kind, $"This version has no {kind} provider.");

    /// <summary>A provider can't be used on this system.</summary>
    /// <param name="kind">The provider.</param>
    /// <param name="problem">Why.</param>
    public static Finding NotSupported(TeredoProvider kind, string problem) => new()
    {
        Id = FindingIds.ProviderNotSupported,
        Severity = FindingSeverity.Note,
        Subject = $"{kind}",
        Problem = problem,
        Fix = new() { Sentence = $"Use {nameof(TeredoProvider.Auto)} or {nameof(TeredoProvider.Embedded)}, the SDK's own client." },
        Error = TeredoError.NotSupported,
    };
}
