using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine;

/// <summary>Connection attempts, which end when the client finds that their peer can't be reached. Safe for any number of threads.</summary>
sealed class PeerWatch(Wakeups? wakeups = null)
{
    readonly Wakeups _wakeups = wakeups ?? Wakeups.OnPool;
    readonly Lock _gate = new();
    readonly List<Entry> _entries = [];

    /// <summary>Until the entry is disposed: cancels the attempt, which uses the source address, when the peer turns out to be unreachable.</summary>
    public Entry Add(IPv6Address peer, IPv6Address? from, CancellationTokenSource attempt)
    {
        var entry = new Entry(this, peer, from, attempt);
        lock (_gate)
            _entries.Add(entry);
        return entry;
    }

    /// <summary>Ends the attempts to a peer that can't be reached from a source address; null stands for every source address.</summary>
    public void HandleUnreachable(IPv6Address peer, IPv6Address? from, TeredoException problem)
    {
        lock (_gate)
            foreach (var entry in _entries)
                if (entry.Concerns(peer, from))
                    entry.Fail(problem);
    }

    void Remove(Entry entry)
    {
        lock (_gate)
            _entries.Remove(entry);
    }

    internal sealed class Entry(PeerWatch watch, IPv6Address peer, IPv6Address? from, CancellationTokenSource attempt) : IDisposable
    {
        /// <summary>Why the peer can't be reached, or null.</summary>
        public TeredoException? Problem { get; private set; }

        public bool Concerns(IPv6Address aPeer, IPv6Address? source) => aPeer == peer && (source is null || from is null || source == from);

        public void Fail(TeredoException problem)
        {
            if (Problem is not null)
                return;
            Problem = problem;
            _ = watch._wakeups.CancelAsync(attempt); // asynchronous, so that the waiting code does not run under the lock
        }

        public void Dispose() => watch.Remove(this);
    }
}
