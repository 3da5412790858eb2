using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Echo;

/// <summary>Allows at most a fixed number of echoes in any second. Not thread-safe.</summary>
sealed class EchoLimiter(int perSecond)
{
    readonly Queue<Instant> _taken = new(perSecond);

    public bool TryTake(Instant now)
    {
        while (_taken.TryPeek(out var first) && now - first >= TimeSpan.FromSeconds(1))
            _taken.Dequeue();
        if (_taken.Count >= perSecond)
            return false;
        _taken.Enqueue(now);
        return true;
    }
}
