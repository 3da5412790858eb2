using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>
/// Keeps Windows' Teredo awake while opted-in sockets are open. Wakes it when the address is lost or the machine slept. Safe for any number of
/// threads.
/// </summary>
sealed class QualificationHold(IWindowsSystem windows, TimeProvider time, Action check, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan Tick = TimeSpan.FromMinutes(1);       // detects sleep of the machine; also the pause between wake attempts
    static readonly TimeSpan KeepAlive = TimeSpan.FromMinutes(20); // Windows' Teredo goes dormant after an hour

    readonly Lock _gate = new();
    readonly EngineClock _clock = new(time);
    readonly DeadlineTimer _timer = new(time, check);
    readonly CancellationTokenSource _stopping = new();
    Instant _wokenAt;
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

    public void Acquire()
    {
        lock (_gate)
        {
            if (_count++ > 0 || _disposed)
                return;
            _wokenAt = _clock.Read(out _); // bring-up woke it; whether the machine slept before does not matter
            Arm(_wokenAt);
        }
    }

    public void Release()
    {
        lock (_gate)
            if (--_count == 0 && !_disposed)
                _timer.Set(null, default);
    }

    /// <summary>Takes the result of a check of the address. The timer, a change of the network or a wake causes such a check.</summary>
    public void Look(bool isUp)
    {
        lock (_gate)
        {
            bool isLost = _isUp && !isUp;
            _isUp = isUp;
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
