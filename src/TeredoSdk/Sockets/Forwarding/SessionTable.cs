using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>A session of a forward.</summary>
interface IForwardSession
{
    /// <summary>When something was last passed on, as a time stamp of the node's clock.</summary>
    long LastAt { get; }

    /// <summary>Ends the session, because nothing comes any more or because the forward ends.</summary>
    void End();
}

/// <summary>The open sessions of a forward, within its limits, and the end of idle ones. Safe for any number of threads.</summary>
sealed class SessionTable<TKey> : IDisposable where TKey : notnull
{
    static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(30);

    readonly Lock _gate = new();
    readonly Dictionary<TKey, (IForwardSession Session, IPv6Address Owner)> _sessions;
    readonly Dictionary<IPv6Address, int> _owners = [];
    readonly TeredoForwardOptions _options;
    readonly TimeProvider _time;
    readonly ForwardCounts _counts;
    readonly ITimer? _sweep;
    readonly TimeSpan _period;
    bool _closed;

    public SessionTable(TeredoForwardOptions options, TimeProvider time, ForwardCounts counts, IEqualityComparer<TKey>? comparer = null)
    {
        (_options, _time, _counts, _sessions) = (options, time, counts, new(comparer));
        if (options.EffectiveIdleTimeout is var idle && idle > TimeSpan.Zero)
        {
            _period = idle / 4 < LongestPeriod ? idle / 4 : LongestPeriod;
            _sweep = time.CreateTimer(static table => ((SessionTable<TKey>)table!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _sweep.Change(_period, Timeout.InfiniteTimeSpan);
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _sessions.Count;
        }
    }

    public IForwardSession? Find(TKey key)
    {
        lock (_gate)
            return _sessions.GetValueOrDefault(key).Session;
    }

    /// <summary>Adds a session, unless a limit is reached.</summary>
    /// <param name="key">What the session is found by.</param>
    /// <param name="peer">Who began it, when that counts against a limit of its own.</param>
    /// <param name="session">The session.</param>
    public bool TryAdd(TKey key, IPAddress? peer, IForwardSession session)
    {
        var owner = peer is null ? default : OwnerKey.Of(IPv6Address.FromIPAddress(peer));
        lock (_gate)
        {
            int ofOwner = peer is null ? 0 : _owners.GetValueOrDefault(owner);
            if (_closed || _sessions.Count >= _options.MaxSessions || ofOwner >= _options.MaxSessionsPerPeer)
                return false;
            _sessions.Add(key, (session, owner));
            if (peer is not null)
                _owners[owner] = ofOwner + 1;
        }
        _counts.Begin();
        return true;
    }

    public void Remove(TKey key)
    {
        lock (_gate)
        {
            if (!_sessions.Remove(key, out var removed) || !_owners.TryGetValue(removed.Owner, out int left))
                return;
            if (left > 1)
                _owners[removed.Owner] = left - 1;
            else
                _owners.Remove(removed.Owner);
        }
    }

    /// <summary>Ends all sessions, and takes no new ones.</summary>
    public void Dispose()
    {
        foreach (var session in All(isLast: true))
            session.End();
        _sweep?.Dispose();
    }

    void Sweep()
    {
        foreach (var session in All(isLast: false))
        {
            if (_time.GetElapsedTime(session.LastAt) < _options.EffectiveIdleTimeout)
                continue;
            _counts.EndIdle();
            session.End();
        }
        lock (_gate)
            if (!_closed)
                _sweep!.Change(_period, Timeout.InfiniteTimeSpan);
    }

    IForwardSession[] All(bool isLast)
    {
        lock (_gate)
        {
            _closed |= isLast;
            return [.. _sessions.Values.Select(entry => entry.Session)];
        }
    }
}
