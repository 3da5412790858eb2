using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Client;

/// <summary>The nonces that one peer's direct bubbles have to repeat, and the wrong ones that it sent instead (RFC 6081 §5.2).</summary>
/// <remarks>A peer may guess: 32 bits are few. Ten wrong nonces within 2 s make us deaf to the bubbles of this peer for 30 s.</remarks>
struct NonceBook
{
    static readonly TimeSpan GuessWindow = TimeSpan.FromSeconds(2), GuessPenalty = TimeSpan.FromSeconds(30); // not in the RFC
    const int MaxGuesses = 10;                                                                               // not in the RFC

    SentNonces _sent; // RFC 6081 §5.2.1: NonceSent, and the one before
    int _guesses;
    Instant _guessesSince;
    Instant? _deafUntil;

    /// <summary>A new nonce for an indirect bubble (RFC 6081 §5.2.4.1).</summary>
    public uint Next(Instant now, IRandomSource random)
    {
        uint nonce = random.NextNonce();
        _sent.Add(now, nonce);
        return nonce;
    }

    /// <summary>Whether a direct bubble carries a nonce that we sent (RFC 6081 §5.2.4.4).</summary>
    public readonly bool Matches(Instant now, uint? nonce) => nonce is { } value && _sent.Contains(now, value);

    /// <summary>Forgets what was sent: one of the nonces has done its service, and none serves twice.</summary>
    public void Void() => _sent = default;

    /// <summary>Counts a wrong nonce.</summary>
    public void CountGuess(Instant now)
    {
        if (_guesses == 0 || now - _guessesSince >= GuessWindow)
            (_guessesSince, _guesses) = (now, 0);
        if (++_guesses >= MaxGuesses)
            _deafUntil = now + GuessPenalty;
    }

    /// <summary>Whether nonces are not even looked at, because there were too many wrong ones.</summary>
    public readonly bool IsDeaf(Instant now) => now < _deafUntil;
}
