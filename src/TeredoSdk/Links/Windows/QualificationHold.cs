using System.Net;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>
/// Keeps Windows' Teredo awake while opted-in sockets are open: the client's state is looked at each minute, and it gets traffic well within the hour
/// after which it falls asleep. Wakes it when it sleeps, the address is lost or the machine slept. Safe for any number of threads.
/// </summary>
/// <remarks>Neither a listed address nor a call of NotifyStableUnicastIpAddressTable is documented to keep a client awake; traffic is.</remarks>
/// <param name="windows">The system.</param>
/// <param name="time">The clock.</param>
/// <param name="check">Looks at the address and the client's state, and calls <see cref="Look"/>.</param>
/// <param name="log">For faults.</param>
sealed class QualificationHold(IWindowsSystem windows, TimeProvider time, Action check, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan Tick = TimeSpan.FromMinutes(1);       // detects sleep of the machine; also the pause between wake attempts
    static readonly TimeSpan KeepAlive = TimeSpan.FromMinutes(20); // "Implementing the Teredo Security Model": dormant after an hour without traffic

    readonly Lock _gate = new();
    readonly EngineClock _clock = new(time);
    readonly DeadlineTimer _timer = new(time, check);
    readonly CancellationTokenSource _stopping = new();
    Instant _wokenAt;
    DateTimeOffset? _since;
    IPAddress? _address;
    int _count;
    bool _isUp = true, _waking, _disposed;

    /// <summary>How many opted-in sockets hold the address.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>Since when the address is held without a gap; null while it is not.</summary>
    public DateTimeOffset? Since
    {
        get
        {
            lock (_gate)
                return _since;
        }
    }

    public void Acquire()
    {
        lock (_gate)
        {
            if (_count++ > 0 || _disposed)
                return;
            _wokenAt = _clock.Read(out _); // bring-up woke it; whether the machine slept before does not matter
            _since = _isUp ? time.GetUtcNow() : null;
            Arm(_wokenAt);
        }
    }

    public void Release()
    {
        lock (_gate)
            if (--_count == 0)
            {
                _since = null;
                if (!_disposed)
                    _timer.Set(null, default);
            }
    }

    /// <summary>Takes the result of a check of the address. The timer, a change of the network or a wake causes such a check.</summary>
    /// <param name="address">The address; null when there is none, or the client sleeps.</param>
    public void Look(IPAddress? address)
    {
        lock (_gate)
        {
            bool isUp = address is not null, isLost = _isUp && !isUp;
            (_isUp, _address) = (isUp, address);
            _since = _count == 0 || !isUp ? null : _since ?? time.GetUtcNow();
            if (_count == 0 || _disposed)
                return;
            var now = _clock.Read(out bool slept);
            Arm(now);
            if (slept)
                Log.Resumed(log);
            if (_waking || !(slept || isLost || now - _wokenAt >= (isUp ? KeepAlive : Tick)))
                return;
            (_waking, _wokenAt) = (true, now);
        }
        _ = WakeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _disposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    // Called under the lock.
    void Arm(Instant now) => _timer.Set(now + Tick, now);

    async Task WakeAsync()
    {
        try
        {
            if (_address is { } address)
                windows.SendTraffic(address);
            await windows.WakeAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception e) // no caller waits for this task
        {
            Log.EngineFault(log, e);
        }
        finally
        {
            lock (_gate)
                _waking = false;
        }
        check();
    }
}
