using System.Net;
using TeredoSdk.Machine;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>The datagrams that wait to be received, or the readers that wait for datagrams. Safe for any number of threads.</summary>
sealed class DatagramQueue(Wakeups? wakeups = null)
{
    readonly Lock _gate = new();
    DatagramRing _ring = new(); // empty while a reader waits
    QueueWaiter? _firstWaiter, _lastWaiter, _spare;
    bool _closed;

    public bool IsClosed
    {
        get
        {
            lock (_gate)
                return _closed;
        }
    }

    /// <summary>Where readers go on.</summary>
    public Wakeups Wakeups { get; } = wakeups ?? Wakeups.OnPool;

    /// <inheritdoc cref="DatagramRing.CapacityOctets"/>
    public int CapacityOctets
    {
        get
        {
            lock (_gate)
                return _ring.CapacityOctets;
        }
        set
        {
            lock (_gate)
                _ring.CapacityOctets = value;
        }
    }

    /// <summary>The length of the next datagram in octets; 0 when there is none.</summary>
    public int NextOctets
    {
        get
        {
            lock (_gate)
                return _ring.NextOctets;
        }
    }

    /// <summary>Hands a datagram to the reader that waits longest, or adds it.</summary>
    /// <returns>False when the queue is full or closed.</returns>
    public bool TryAdd(RemotePort remote, ReadOnlySpan<byte> datagram)
    {
        QueueWaiter? waiter;
        lock (_gate)
        {
            if (_closed)
                return false;
            waiter = TakeWaiter();
            if (waiter is null)
                return _ring.TryAdd(remote, datagram);
        }
        waiter.Complete(remote, datagram);
        return true;
    }

    /// <summary>Takes the next datagram, if there is one.</summary>
    /// <param name="buffer">Takes the payload; what does not fit is cut off.</param>
    /// <param name="source">Takes the sender.</param>
    /// <param name="length">The number of octets in the buffer.</param>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public bool TryTake(Span<byte> buffer, SocketAddress source, out int length)
    {
        lock (_gate)
            return TryTakeNext(buffer, source, out length);
    }

    /// <summary>Takes the next datagram, now or when it comes.</summary>
    /// <param name="buffer">Takes the payload; what does not fit is cut off.</param>
    /// <param name="source">Takes the sender.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>The number of octets in the buffer.</returns>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public ValueTask<int> TakeAsync(Memory<byte> buffer, SocketAddress source, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        QueueWaiter waiter;
        lock (_gate)
        {
            if (TryTakeNext(buffer.Span, source, out int length))
                return new(length);
            waiter = NextWaiter();
            waiter.Aim(buffer, source);
            Add(waiter);
        }
        return waiter.WaitAsync(cancellationToken);
    }

    /// <summary>Takes as many datagrams as have room, now or when the first one comes.</summary>
    /// <param name="slots">Empty slots.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>The number of datagrams.</returns>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public ValueTask<int> TakeAsync(DatagramSlots slots, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        QueueWaiter waiter;
        lock (_gate)
        {
            Disposed.ThrowIf(_closed, Disposed.DatagramSocket);
            TopUp(slots);
            if (slots.Count > 0)
                return new(slots.Count);
            waiter = NextWaiter();
            waiter.Aim(slots);
            Add(waiter);
        }
        return waiter.WaitAsync(cancellationToken);
    }

    /// <summary>Takes as many datagrams as there are and as have room.</summary>
    internal void TryTopUp(DatagramSlots slots)
    {
        lock (_gate)
            TopUp(slots);
    }

    /// <summary>Ends every wait and drops what was not received.</summary>
    public void Close()
    {
        QueueWaiter? waiter;
        lock (_gate)
        {
            _closed = true;
            _ring.Clear();
            (waiter, _firstWaiter, _lastWaiter) = (_firstWaiter, null, null);
        }
        while (waiter is not null)
        {
            var next = waiter.Next; // read first: a waiter that has ended may be used again
            waiter.Next = null;
            waiter.Fail(new ObjectDisposedException(Disposed.DatagramSocket));
            waiter = next;
        }
    }

    /// <summary>Takes a waiter out of those that wait.</summary>
    /// <returns>False when its wait has ended.</returns>
    internal bool Withdraw(QueueWaiter waiter)
    {
        lock (_gate)
        {
            QueueWaiter? before = null;
            for (var at = _firstWaiter; at is not null; (before, at) = (at, at.Next))
            {
                if (at != waiter)
                    continue;
                if (before is null)
                    _firstWaiter = at.Next;
                else
                    before.Next = at.Next;
                if (_lastWaiter == at)
                    _lastWaiter = before;
                at.Next = null;
                return true;
            }
            return false;
        }
    }

    /// <summary>Takes a waiter back that nobody uses any more.</summary>
    internal void Return(QueueWaiter waiter)
    {
        lock (_gate)
            _spare = waiter;
    }

    // The methods below are called under the lock.

    bool TryTakeNext(Span<byte> buffer, SocketAddress source, out int length)
    {
        Disposed.ThrowIf(_closed, Disposed.DatagramSocket);
        length = 0;
        if (_ring.IsEmpty)
            return false;
        length = _ring.Take(buffer, out var remote);
        remote.Write(source);
        return true;
    }

    void TopUp(DatagramSlots slots)
    {
        while (!_ring.IsEmpty && slots.HasRoom)
        {
            int length = _ring.Take(slots.Next.Span, out var remote);
            slots.Add(remote, length);
        }
    }

    QueueWaiter NextWaiter()
    {
        var waiter = _spare ?? new(this);
        _spare = null;
        return waiter;
    }

    void Add(QueueWaiter waiter)
    {
        if (_lastWaiter is null)
            _firstWaiter = waiter;
        else
            _lastWaiter.Next = waiter;
        _lastWaiter = waiter;
    }

    QueueWaiter? TakeWaiter()
    {
        var waiter = _firstWaiter;
        if (waiter is null)
            return null;
        _firstWaiter = waiter.Next;
        if (_firstWaiter is null)
            _lastWaiter = null;
        waiter.Next = null;
        return waiter;
    }
}
