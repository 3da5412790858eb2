using System.Threading.Channels;
using TeredoSdk.Machine;

namespace TeredoSdk.Links;

/// <summary>Sends changes to any number of readers. Each reader gets the changes from its start on. Safe for any number of threads.</summary>
sealed class StateChangeFeed(Wakeups? wakeups = null) : IAsyncEnumerable<TeredoStateChange>
{
    const int Capacity = 64; // a slow reader loses the oldest changes

    readonly Wakeups _wakeups = wakeups ?? Wakeups.OnPool;
    readonly Lock _gate = new();
    readonly List<Channel<TeredoStateChange>> _readers = [];
    bool _ended;

    public void Publish(TeredoStateChange change)
    {
        lock (_gate)
            foreach (var reader in _readers)
                Wake(() => reader.Writer.TryWrite(change));
    }

    /// <summary>Ends every reader's enumeration.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var reader in _readers)
                Wake(() => reader.Writer.TryComplete());
        }
    }

    public IAsyncEnumerator<TeredoStateChange> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateBounded<TeredoStateChange>(new BoundedChannelOptions(Capacity)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            AllowSynchronousContinuations = !_wakeups.AreOnPool,
        });
        lock (_gate)
        {
            if (_ended)
                channel.Writer.TryComplete();
            else
                _readers.Add(channel); // added here, so that no change before the first read is missed
        }
        return new Reader(this, channel, cancellationToken);
    }

    // A channel wakes its readers on the pool, or within the call that writes.
    void Wake(Action write)
    {
        if (_wakeups.AreOnPool)
            write();
        else
            _wakeups.Queue(write);
    }

    sealed class Reader(StateChangeFeed feed, Channel<TeredoStateChange> channel, CancellationToken cancellationToken) : IAsyncEnumerator<TeredoStateChange>
    {
        TeredoStateChange? _current;

        public TeredoStateChange Current => _current ?? throw new InvalidOperationException("The enumeration has not started or has ended.");

        public async ValueTask<bool> MoveNextAsync() =>
            await channel.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) && channel.Reader.TryRead(out _current);

        public ValueTask DisposeAsync()
        {
            lock (feed._gate)
                feed._readers.Remove(channel);
            return ValueTask.CompletedTask;
        }
    }
}
