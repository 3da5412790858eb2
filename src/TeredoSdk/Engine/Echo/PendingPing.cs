using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Echo;

/// <summary>An Echo Request that waits for its reply.</summary>
sealed class PendingPing(IPv6Address peer, Instant sentAt, Wakeups wakeups)
{
    readonly Signal<(TimeSpan? RoundTrip, string? Problem)> _result = new(wakeups);

    public IPv6Address Peer => peer;

    /// <summary>The round trip, or the reason why there is none.</summary>
    public Task<(TimeSpan? RoundTrip, string? Problem)> Result => _result.Task;

    public void Succeed(Instant now) => _result.TrySetResult((now - sentAt, null));

    public void Fail(string problem) => _result.TrySetResult((null, problem));

    public void Abandon() => _result.TrySetException(new ObjectDisposedException(Disposed.Node));
}
