namespace TeredoSdk.Protocol.Peers;

/// <summary>The random values of the last two bubbles to one peer. The peer's answer must repeat one of them.</summary>
/// <remarks>
/// For a client, the values are the nonces of RFC 6081 §5.2. For a relay, they are the interface identifiers of the link-local sources of its
/// bubbles: a peer sends its answer to that source, and so repeats the value.
/// </remarks>
struct SentNonces
{
    static readonly TimeSpan Validity = TimeSpan.FromSeconds(30); // not in an RFC

    readonly record struct Nonce(ulong Value, Instant SentAt);

    Nonce? _last, _previous;

    /// <summary>Remembers a value that is being sent. The value before it stays valid, too.</summary>
    public void Add(Instant now, ulong value) => (_previous, _last) = (_last, new(value, now));

    /// <summary>Whether a value is one of the last two and was sent in the last 30 s.</summary>
    public readonly bool Contains(Instant now, ulong value) => Fits(_last, now, value) || Fits(_previous, now, value);

    static bool Fits(Nonce? nonce, Instant now, ulong value) => nonce is { } sent && sent.Value == value && now - sent.SentAt < Validity;
}
