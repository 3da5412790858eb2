using System.Net;
using System.Threading.Tasks.Sources;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>One wait for a datagram of a <see cref="DatagramQueue"/>. It is used again after its end, so waiting allocates nothing.</summary>
/// <remarks>The reader goes on where the queue's wakeups say, never on the thread that brought the datagram.</remarks>
sealed class QueueWaiter(DatagramQueue queue) : IValueTaskSource<int>, IThreadPoolWorkItem
{
    ManualResetValueTaskSourceCore<int> _core;
    CancellationTokenRegistration _registration;
    Memory<byte> _buffer;
    SocketAddress? _source;
    DatagramSlots? _slots;
    Exception? _failure;
    int _result;

    /// <summary>The next waiter; belongs to the queue and its lock.</summary>
    public QueueWaiter? Next { get; set; }

    /// <summary>Says where the datagram goes, before the queue sees the waiter.</summary>
    public void Aim(Memory<byte> buffer, SocketAddress source) => (_buffer, _source) = (buffer, source);

    /// <inheritdoc cref="Aim(Memory{byte}, SocketAddress)"/>
    public void Aim(DatagramSlots slots) => _slots = slots;

    public ValueTask<int> WaitAsync(CancellationToken cancellationToken)
    {
        short version = _core.Version;
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((QueueWaiter)state!).Cancel(token), this);
        return new(this, version);
    }

    /// <summary>Ends the wait with a datagram. Called by who has taken the waiter out of the queue, as the next method.</summary>
    public void Complete(RemotePort remote, ReadOnlySpan<byte> datagram)
    {
        if (_slots is not null)
            _slots.Add(remote, datagram);
        else
        {
            _result = Math.Min(datagram.Length, _buffer.Length);
            datagram[.._result].CopyTo(_buffer.Span);
            remote.Write(_source!);
        }
        queue.Wakeups.Queue(this);
    }

    public void Fail(Exception failure)
    {
        _failure = failure;
        queue.Wakeups.Queue(this);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_failure is not null)
        {
            _core.SetException(_failure);
            return;
        }
        if (_slots is not null)
        {
            queue.TryTopUp(_slots); // what has come since
            _result = _slots.Count;
        }
        _core.SetResult(_result);
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        _registration.Dispose(); // waits for a cancellation under way, so none can meet the next wait
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            (_buffer, _source, _slots, _failure) = (default, null, null, null);
            queue.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void Cancel(CancellationToken token)
    {
        if (queue.Withdraw(this))
            Fail(new OperationCanceledException(token));
    }
}
