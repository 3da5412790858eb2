using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>An <see cref="IRendezvous"/> in memory: for a lobby service, for tests, or among the nodes of one process.</summary>
/// <remarks>
/// A key owns its name until its record expires, and for <see cref="RendezvousLimits.Grace"/> after that. All is forgotten when the process ends; hosts
/// publish again and again, so it fills by itself. Until a host has done so, somebody could publish an old record of its that still holds.
/// </remarks>
public sealed class MemoryRendezvous : IRendezvous
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    readonly RendezvousLimits _limits;
    readonly TimeProvider _time;
    readonly Lock _gate = new();
    readonly Dictionary<string, Entry> _entries = [];
    readonly Dictionary<IPAddress, int> _published = []; // within this minute
    DateTimeOffset _minute;

    /// <summary>Makes an empty one.</summary>
    /// <param name="limits">The limits; null for the defaults. The call copies them.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">A limit is outside its range.</exception>
    public MemoryRendezvous(RendezvousLimits? limits = null, TimeProvider? timeProvider = null) =>
        (_limits, _time) = ((limits ?? new()).Snapshot(), timeProvider ?? TimeProvider.System);

    /// <inheritdoc/>
    public Task<RendezvousStatus> PublishAsync(RendezvousRecord record, IPAddress? source = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult(Publish(record, SourceOf(source), _time.GetUtcNow()));
    }

    /// <inheritdoc/>
    public Task<RendezvousRecord?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult(_entries.TryGetValue(name, out var entry) && entry.Record.Expires > _time.GetUtcNow() ? entry.Record : null);
    }

    internal static void CheckName(string name)
    {
        if (!RendezvousRecord.IsName(name))
            throw new ArgumentException($"'{name}' is not a name; expected 1 to {RendezvousRecord.MaxNameLength} of a to z, 0 to 9, '-' and '_'.", nameof(name));
    }

    RendezvousStatus Publish(RendezvousRecord record, IPAddress source, DateTimeOffset now)
    {
        if (!MayPublish(source, now))
            return RendezvousStatus.TooOften;
        if (record.Expires <= now)
            return RendezvousStatus.Expired;
        if (record.Expires - now > _limits.MaxLifetime)
            return RendezvousStatus.LifetimeTooLong;
        if (_entries.TryGetValue(record.Name, out var known) && IsOwned(known, now))
        {
            if (known.Record.KeyFingerprint != record.KeyFingerprint)
                return RendezvousStatus.NameTaken;
            if (known.Record.Sequence >= record.Sequence)
                return RendezvousStatus.Stale;
        }
        else
        {
            if (_entries.Count >= _limits.MaxNames)
                Forget(now);
            if (_entries.Count >= _limits.MaxNames)
                return RendezvousStatus.Full;
            if (_entries.Values.Count(entry => entry.Source.Equals(source) && IsOwned(entry, now)) >= _limits.NamesPerSource)
                return RendezvousStatus.TooManyNames;
        }
        _entries[record.Name] = new(record, source);
        return RendezvousStatus.Accepted;
    }

    bool MayPublish(IPAddress source, DateTimeOffset now)
    {
        if (now - _minute >= Minute)
        {
            _minute = now;
            _published.Clear();
        }
        int count = _published.GetValueOrDefault(source);
        _published[source] = count + 1;
        return count < _limits.PublishesPerMinute;
    }

    bool IsOwned(Entry entry, DateTimeOffset now) => now < entry.Record.Expires + _limits.Grace;

    void Forget(DateTimeOffset now)
    {
        foreach (var (name, entry) in _entries)
            if (!IsOwned(entry, now))
                _entries.Remove(name);
    }

    // Who gets one limit: an IPv4 address, also as that of a Teredo client, or a /64.
    static IPAddress SourceOf(IPAddress? source)
    {
        source ??= IPAddress.IPv6Any;
        if (source.IsIPv4MappedToIPv6)
            return source.MapToIPv4();
        if (source.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            return source;
        var address = IPv6Address.FromIPAddress(source);
        return TeredoAddress.TryCreate(address, out var teredo) ? teredo.RateLimitKey.ToIPAddress() : new IPv6Address(address.High, 0).ToIPAddress();
    }

    readonly record struct Entry(RendezvousRecord Record, IPAddress Source);
}
