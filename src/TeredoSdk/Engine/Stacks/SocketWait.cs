using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace TeredoSdk.Engine.Stacks;

/// <summary>One wait for a datagram of an ordinary socket. It is used again after its end, so waiting allocates nothing.</summary>
/// <remarks>An async method would allocate whenever its two ends run on different threads.</remarks>
sealed class SocketWait : IValueTaskSource<int>
{
    readonly SocketEndpoint _endpoint;
    readonly Action _goOn;
    ManualResetValueTaskSourceCore<int> _core;
    ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _receiving;
    Memory<byte> _buffer;
    SocketAddress _source = null!;
    DatagramSlots? _slots;
    CancellationToken _cancellationToken;

    public SocketWait(SocketEndpoint endpoint)
    {
        _endpoint = endpoint;
        _goOn = () => Run(hasCome: true);
    }

    /// <summary>Begins to receive.</summary>
    /// <param name="buffer">Takes the datagram.</param>
    /// <param name="source">Takes the sender.</param>
    /// <param name="slots">If not null, takes the datagram and what else is there; the buffer is then the next slot.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, SocketAddress source, DatagramSlots? slots, CancellationToken cancellationToken)
    {
        (_buffer, _source, _slots, _cancellationToken) = (buffer, source, slots, cancellationToken);
        short version = _core.Version;
        Run(hasCome: false);
        return new(this, version);
    }

    // Goes on until something was received, or receiving fails for good. It runs on the socket's threads, and first on the caller's.
    [SuppressMessage("Reliability", "CA2012", Justification = "The awaiter is what an async method would keep; its result is taken once.")]
    void Run(bool hasCome)
    {
        try
        {
            while (true)
            {
                if (!hasCome)
                {
                    _receiving = _endpoint.Socket!.ReceiveFromAsync(_buffer, SocketFlags.None, _source, _cancellationToken).ConfigureAwait(false).GetAwaiter();
                    if (!_receiving.IsCompleted)
                    {
                        _receiving.UnsafeOnCompleted(_goOn);
                        return;
                    }
                }
                hasCome = false;
                if (TryTake(out int result))
                {
                    _core.SetResult(result);
                    return;
                }
            }
        }
        catch (Exception e) // whoever waits is told
        {
            _core.SetException(e);
        }
    }

    // Returns false when there was only an error that does not concern the receiver.
    bool TryTake(out int result)
    {
        try
        {
            result = _receiving.GetResult();
        }
        catch (SocketException e) when (_endpoint.IsOfNoConcern(e))
        {
            _endpoint.ThrowIfDisposed();
            result = 0;
            return false;
        }
        if (_slots is null)
            return true;
        do
        {
            if (RemotePort.TryRead(_source, out var remote))
                _slots.Add(remote, result);
        }
        while (_slots.HasRoom && _endpoint.TryReceive(_slots.Next.Span, _source, out result));
        result = _slots.Count;
        _buffer = _slots.HasRoom ? _slots.Next : default;
        return result > 0;
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            (_buffer, _slots, _receiving, _cancellationToken) = (default, null, default, default);
            _endpoint.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
