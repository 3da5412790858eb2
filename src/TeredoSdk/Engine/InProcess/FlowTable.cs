using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.InProcess;

/// <summary>Whom a socket sent to lately: their packets are solicited. Bounded: two generations, of which the older one goes.</summary>
/// <remarks>
/// A flow ends 5 minutes after the last packet that went out (RFC 6092 REC-14, RFC 4787 REQ-5), whatever comes in: a stranger
/// can't keep it open. When more than <see cref="GenerationSize"/> peers are sent to in that time, older ones may end sooner. Not
/// thread-safe.
/// </remarks>
sealed class FlowTable
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    public const int GenerationSize = 4096;

    Dictionary<(Ipv6Address Peer, ushort Port), Instant> _young = [], _old = [];
    Instant _rotateAt = Instant.MinValue;

    public void Open(Instant now, Ipv6Address peer, ushort port)
    {
        if (now >= _rotateAt || (_young.Count >= GenerationSize && !_young.ContainsKey((peer, port))))
        {
            (_old, _young) = (_young, _old);
            _young.Clear();
            _rotateAt = now + Lifetime;
        }
        _young[(peer, port)] = now;
    }

    public bool Contains(Instant now, Ipv6Address peer, ushort port) =>
        (_young.TryGetValue((peer, port), out var sentAt) || _old.TryGetValue((peer, port), out sentAt)) && now - sentAt < Lifetime;
}
