using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Remembers the flows that packets were recently sent to; packets that come in on such a flow are solicited.</summary>
/// <remarks>
/// A flow ends some time after the last packet that went out. Packets that come in do not prolong it, so a stranger can't keep it open. The
/// size is bounded: flows lie in two generations, and the older generation is discarded when the younger one is full or has reached the
/// lifetime. So a flow may end early while packets go out to many peers. Not thread-safe.
/// </remarks>
sealed class FlowTable<TKey>(TimeSpan lifetime, int generationSize) where TKey : struct, IEquatable<TKey>
{
    Dictionary<TKey, Instant> _young = [], _old = [];
    Instant _rotateAt = Instant.MinValue;

    public void Open(Instant now, TKey flow)
    {
        if (now >= _rotateAt || (_young.Count >= generationSize && !_young.ContainsKey(flow)))
        {
            (_old, _young) = (_young, _old);
            _young.Clear();
            _rotateAt = now + lifetime;
        }
        _young[flow] = now;
    }

    public bool Contains(Instant now, TKey flow) =>
        (_young.TryGetValue(flow, out var sentAt) || _old.TryGetValue(flow, out sentAt)) && now - sentAt < lifetime;

    /// <summary>Ends every flow for which the condition is true.</summary>
    public void Close(Func<TKey, bool> condition)
    {
        foreach (var generation in new[] { _young, _old })
            foreach (var flow in generation.Keys.Where(condition).ToArray())
                generation.Remove(flow);
    }
}

/// <summary>How long flows live.</summary>
static class FlowLifetime
{
    public static readonly TimeSpan Datagrams = TimeSpan.FromMinutes(5);                    // RFC 6092 REC-14, RFC 4787 REQ-5
    public static readonly TimeSpan Streams = TimeSpan.FromHours(2) + TimeSpan.FromMinutes(4); // RFC 6092 REC-35, RFC 5382 REQ-5
}
