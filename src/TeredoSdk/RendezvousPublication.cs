using System.Net;
using System.Security.Cryptography;

namespace TeredoSdk;

/// <summary>Keeps a host's name up: publishes where the host is, at once when that changes, and again before the record expires.</summary>
/// <remarks>
/// It goes on when the service is away, and when the host has no address for a while. It ends when it is disposed; then the name is found until the last
/// record expires. Safe for any number of threads.
/// </remarks>
public sealed class RendezvousPublication : IAsyncDisposable
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1), Retry = TimeSpan.FromSeconds(5);

    readonly IRendezvous _rendezvous;
    readonly ECDsa _key;
    readonly string _name;
    readonly Func<IPEndPoint?> _endPoint;
    readonly TimeSpan _lifetime;
    readonly string? _tlsFingerprint;
    readonly TimeProvider _time;
    readonly CancellationTokenSource _ending = new();
    readonly Task _running;
    long _sequence;

    /// <summary>Starts to publish.</summary>
    /// <param name="rendezvous">The service.</param>
    /// <param name="key">The host's private key, of the curve P-256. It must live as long as this object.</param>
    /// <param name="name">The name; see <see cref="RendezvousRecord.Name"/>.</param>
    /// <param name="endPoint">Where the host is now, such as <c>() => socket.TeredoEndPoint</c>; null while it has no address. It is asked each second.</param>
    /// <param name="lifetime">How long a record holds; it is renewed after a third of that. Null for 3 minutes; at least 3 seconds.</param>
    /// <param name="tlsFingerprint">See <see cref="RendezvousRecord.TlsFingerprint"/>.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">An argument is not as expected; the message says what and how.</exception>
    public RendezvousPublication(IRendezvous rendezvous, ECDsa key, string name, Func<IPEndPoint?> endPoint, TimeSpan? lifetime = null,
        string? tlsFingerprint = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(rendezvous);
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(lifetime ?? TimeSpan.MaxValue, 3 * Look, nameof(lifetime));
        (_rendezvous, _key, _name, _endPoint, _tlsFingerprint) = (rendezvous, key, name, endPoint, tlsFingerprint);
        (_lifetime, _time) = (lifetime ?? TimeSpan.FromMinutes(3), timeProvider ?? TimeProvider.System);
        _ = Sign(new(IPAddress.IPv6Loopback, 1)); // tells at once what is wrong with the arguments
        _running = RunAsync();
    }

    /// <summary>What the service said last; null before that, and while it gives no answer.</summary>
    public RendezvousStatus? Status { get; private set; }

    /// <summary>Stops publishing.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    async Task RunAsync()
    {
        IPEndPoint? published = null;
        var due = _time.GetUtcNow();
        while (true)
        {
            var now = _time.GetUtcNow();
            if (_endPoint() is { } endPoint && (now >= due || (Status is not null && !endPoint.Equals(published))))
            {
                Status = await TryPublishAsync(endPoint).ConfigureAwait(false);
                published = endPoint;
                due = now + (Status == RendezvousStatus.Accepted ? _lifetime / 3 : Retry);
            }
            await Task.Delay(Look, _time, _ending.Token).ConfigureAwait(false);
        }
    }

    async Task<RendezvousStatus?> TryPublishAsync(IPEndPoint endPoint)
    {
        try
        {
            return await _rendezvous.PublishAsync(Sign(endPoint), cancellationToken: _ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException && !_ending.IsCancellationRequested)
        {
            return null; // the service is away; later it may be back
        }
    }

    // The time makes a larger number also after a restart of the host.
    RendezvousRecord Sign(IPEndPoint endPoint)
    {
        var now = _time.GetUtcNow();
        _sequence = Math.Max(_sequence + 1, now.ToUnixTimeMilliseconds());
        return RendezvousRecord.Sign(_key, _name, [endPoint], now + _lifetime, _sequence, _tlsFingerprint);
    }
}
