namespace TeredoSdk.Protocol.Client;

/// <summary>The echo test of one random port (RFC 6081 §5.5). It predicts the port that our NAT uses for a bubble to the peer.</summary>
/// <remarks>
/// Three datagrams leave the port: a router solicitation, the bubble, and another solicitation. The server's answers tell the NAT's ports for the
/// first and the third. A retry sends all three again. Ports that are known by then stay valid, because the NAT keeps its mappings.
/// </remarks>
sealed class EchoTest
{
    const int MaxTries = 2; // RFC 6081 §5.5.2.2

    ulong _lowerNonce, _upperNonce;
    ushort _lower, _upper; // 0 means not known
    int _tries;

    /// <summary>When the answers are overdue; null while the test waits for none (RFC 6081 §5.5.2.2).</summary>
    public Instant? FailoverAt { get; private set; }

    /// <summary>Whether both ports are known.</summary>
    public bool IsComplete => _lower != 0 && _upper != 0;

    /// <summary>The difference of the two ports.</summary>
    public int Step => _upper - _lower;

    /// <summary>The predicted port of the bubble (RFC 6081 §5.5.4.4, with its misprint corrected).</summary>
    public ushort Between => (ushort)((_lower + _upper) / 2);

    /// <summary>Called when the datagrams were sent; the nonces are those of the two solicitations (RFC 6081 §5.5.4.1.1).</summary>
    public void Start(Instant now, ulong lowerNonce, ulong upperNonce)
    {
        (_lowerNonce, _upperNonce) = (lowerNonce, upperNonce);
        FailoverAt = now + TimeSpan.FromSeconds(++_tries); // RFC 6081 §5.5.2.2
    }

    /// <summary>Stops waiting for answers; known ports stay.</summary>
    public void Stop() => FailoverAt = null;

    /// <summary>Called when the answers are overdue.</summary>
    /// <returns>Whether to try again at once. Otherwise the next round of bubbles may try again.</returns>
    public bool FailOver()
    {
        FailoverAt = null;
        if (_tries < MaxTries)
            return true;
        _tries = 0;
        return false;
    }

    /// <summary>Takes the answer of the server's primary address (RFC 6081 §5.5.4.4: only while its port is still zero).</summary>
    public bool TryTakeLower(in Advertisement advertisement) => TryTake(advertisement, _lowerNonce, ref _lower);

    /// <summary>Takes the answer of the server's secondary address.</summary>
    public bool TryTakeUpper(in Advertisement advertisement) => TryTake(advertisement, _upperNonce, ref _upper);

    /// <summary>Forgets the ports (RFC 6081 §5.5.2.1).</summary>
    public void Reset()
    {
        _lower = _upper = 0;
        _tries = 0;
    }

    static bool TryTake(in Advertisement advertisement, ulong nonce, ref ushort port)
    {
        if (advertisement.Nonce != nonce || port != 0)
            return false;
        port = advertisement.Mapped.Port;
        return true;
    }
}
