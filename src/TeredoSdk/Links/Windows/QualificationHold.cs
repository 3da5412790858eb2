using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>
/// Keeps Windows' Teredo from falling asleep while opted-in sockets are open, and wakes it when the address is lost or the machine slept. Safe for
/// any number of threads.
/// </summary>
sealed class QualificationHold(IWindowsSystem windows, TimeProvider time, Action check, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan Tick = TimeSpan.FromMinutes(1);       // to notice that the machine slept, and between attempts without an address
    static readonly TimeSpan KeepAlive = TimeSpan.FromMinutes(20); // Teredo falls asleep after an hour

    readonly Lock _gate = new();
    readonly EngineClock _clock = new(time);
    readonly DeadlineTimer _timer = new(time, check);
    readonly CancellationTokenSource _stopping = new();
    Instant _wokenAt;
    int _count;
    bool _isUp = true, _waking, _disposed;

    /// <summary>How many hold it.</summary>
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
            _wokenAt = _clock.Read(out _); // bring-up woke it, and what was before concerns nobody
            Arm(_wokenAt);
        }
    }

    public void Release()
    {
        lock (_gate)
            if (--_count == 0 && !_disposed)
                _timer.Set(null, default);
    }

    /// <summary>The address was looked at: by the timer, after a change, or after a wake.</summary>
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

    // Under the lock.
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
        catch (Exception e) // nobody waits for it
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
