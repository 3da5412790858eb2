namespace TeredoSdk.Links;

/// <summary>A way to get a Teredo address.</summary>
interface ITeredoProvider
{
    TeredoProvider Kind { get; }

    /// <summary>Why this provider can't be used on this system at all, as a sentence for the user; null when it can.</summary>
    string? NotSupportedReason { get; }

    /// <summary>Brings a link up. The link has an address when this returns.</summary>
    /// <exception cref="TeredoException">There is no address; the message says why, and what to do. Nothing is left behind.</exception>
    Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken);
}
