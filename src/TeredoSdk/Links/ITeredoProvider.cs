namespace TeredoSdk.Links;

/// <summary>A way to get a Teredo address.</summary>
interface ITeredoProvider
{
    TeredoProvider Kind { get; }

    /// <summary>Why it can't be used on this system at all, as a sentence for a person, or null when it may.</summary>
    string? NotSupportedReason { get; }

    /// <summary>Brings a link up: it has an address when this returns.</summary>
    /// <exception cref="TeredoException">There is none, why, and what to do. Nothing is left behind.</exception>
    Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken);
}
