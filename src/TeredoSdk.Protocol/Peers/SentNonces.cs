namespace TeredoSdk.Protocol.Peers;

/// <summary>The last two random values that bubbles to one peer carried, one of which the peer's answer has to repeat.</summary>
/// <remarks>
/// A client's values are the nonces of RFC 6081 §5.2. A relay's are the interface identifiers of the link-local addresses that its
/// bubbles come from: an answer goes to such an address, and so repeats it.
/// </remarks>
struct SentNonces
{
    static readonly TimeSpan Validity = TimeSpan.FromSeconds(30); // not in an RFC

    readonly record struct Nonce(ulong Value, Instant SentAt);

    Nonce? _last, _previous;

    /// <summary>Remembers a value that is being sent; the one before stays valid, too.</summary>
    public void Add(Instant now, ulong value) => (_previous, _last) = (_last, new(value, now));

    /// <summary>Whether a value is one of the last two and was sent in the last 30 s.</summary>
    public readonly bool Contains(Instant now, ulong value) => Fits(_last, now, value) || Fits(_previous, now, value);

    static bool Fits(Nonce? nonce, Instant now, ulong value) => nonce is { } sent && sent.Value == value && now - sent.SentAt < Validity;
}
