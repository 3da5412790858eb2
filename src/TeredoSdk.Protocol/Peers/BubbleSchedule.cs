namespace TeredoSdk.Protocol.Peers;

/// <summary>
/// Limits the bubbles that we start towards one peer (RFC 4380 §5.2.6). One grant covers a pair of a direct and an indirect bubble, with all copies.
/// </summary>
struct BubbleSchedule
{
    public static readonly TimeSpan Spacing = TimeSpan.FromSeconds(2);   // RFC 4380 §5.2.6
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(300);  // RFC 4380 §5.2.6
    public const int MaxBubblesWithoutReply = 4;                         // RFC 4380 §5.2.6, in Window

    Instant _last;
    Instant _windowStart;
    bool _started;

    /// <summary>How many grants were taken since the last direct packet of the peer or since the start of the window.</summary>
    public int Count { get; private set; }

    /// <summary>When the last grant was taken.</summary>
    public readonly Instant Last => _started ? _last : Instant.MinValue;

    /// <summary>When the budget is full again, if the peer stays silent.</summary>
    public readonly Instant WindowEnd => Count == 0 ? Instant.MinValue : _windowStart + Window;

    /// <summary>Whether the budget is used up: four grants in 300 s without a direct answer.</summary>
    public readonly bool IsExhausted(Instant now) => Count >= MaxBubblesWithoutReply && now < WindowEnd;

    /// <summary>Takes a grant, if the limits allow one.</summary>
    public bool TryGrant(Instant now)
    {
        if ((_started && now - _last < Spacing) || IsExhausted(now))
            return false;
        if (Count == 0 || now >= WindowEnd)
        {
            _windowStart = now;
            Count = 0;
        }
        _started = true;
        _last = now;
        Count++;
        return true;
    }

    /// <summary>Called when a packet came directly from the peer. The budget is full again; the spacing stays.</summary>
    public void Reset() => Count = 0;
}
