using System.Threading.Channels;

namespace TeredoSdk.Links;

/// <summary>Sends changes to any number of readers. Each reader gets the changes from its start on. Safe for any number of threads.</summary>
sealed class StateChangeFeed : IAsyncEnumerable<TeredoStateChange>
{
    const int Capacity = 64; // a slow reader loses the oldest changes

    readonly Lock _gate = new();
    readonly List<Channel<TeredoStateChange>> _readers = [];
    bool _ended;

    public void Publish(TeredoStateChange change)
    {
        lock (_gate)
            foreach (var reader in _readers)
                reader.Writer.TryWrite(change);
    }

    /// <summary>Ends every reader's enumeration.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var reader in _readers)
                reader.Writer.TryComplete();
        }
    }

    public IAsyncEnumerator<TeredoStateChange> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateBounded<TeredoStateChange>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            if (_ended)
                channel.Writer.TryComplete();
            else
                _readers.Add(channel); // added here, so that no change before the first read is missed
        }
        return new Reader(this, channel, cancellationToken);
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
