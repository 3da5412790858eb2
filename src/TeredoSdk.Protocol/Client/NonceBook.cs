using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Client;

/// <summary>The nonces that one peer's direct bubbles must repeat, and the count of wrong ones (RFC 6081 §5.2).</summary>
/// <remarks>A nonce has only 32 bits, so a peer may guess. After ten wrong nonces within 2 s, bubbles of this peer are ignored for 30 s.</remarks>
struct NonceBook
{
    static readonly TimeSpan GuessWindow = TimeSpan.FromSeconds(2), GuessPenalty = TimeSpan.FromSeconds(30); // not in the RFC
    const int MaxGuesses = 10;                                                                               // not in the RFC

    SentNonces _sent; // RFC 6081 §5.2.1: NonceSent, and the nonce before it
    int _guesses;
    Instant _guessesSince;
    Instant? _deafUntil;

    /// <summary>Makes a new nonce for an indirect bubble (RFC 6081 §5.2.4.1).</summary>
    public uint Next(Instant now, IRandomSource random)
    {
        uint nonce = random.NextNonce();
        _sent.Add(now, nonce);
        return nonce;
    }

    /// <summary>Whether a direct bubble carries a nonce that we sent (RFC 6081 §5.2.4.4).</summary>
    public readonly bool Matches(Instant now, uint? nonce) => nonce is { } value && _sent.Contains(now, value);

    /// <summary>Forgets the sent nonces after one of them was used, because no nonce may be used twice.</summary>
    public void Void() => _sent = default;

    /// <summary>Counts a wrong nonce.</summary>
    public void CountGuess(Instant now)
    {
        if (_guesses == 0 || now - _guessesSince >= GuessWindow)
            (_guessesSince, _guesses) = (now, 0);
        if (++_guesses >= MaxGuesses)
            _deafUntil = now + GuessPenalty;
    }

    /// <summary>Whether nonces are ignored, because there were too many wrong ones.</summary>
    public readonly bool IsDeaf(Instant now) => now < _deafUntil;
}
