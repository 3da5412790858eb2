namespace TeredoSdk.Links;

/// <summary>A way to get a Teredo address.</summary>
interface ITeredoProvider
{
    TeredoProvider Kind { get; }

    /// <summary>Why this provider can't be used on this system at all; null when it can.</summary>
    Finding? NotSupported => null;

    /// <summary>
    /// Why <see cref="TeredoProvider.Auto"/> takes this provider only when no other one gets an address; null when it takes its turn.
    /// </summary>
    Finding? FindReasonToWait(TeredoOptions options) => null;

    /// <summary>Brings a link up. The link has an address when this returns.</summary>
    /// <exception cref="TeredoException">There is no address; the message says why, and what to do. Nothing is left behind.</exception>
    Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken);
}
