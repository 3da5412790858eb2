using TeredoSdk.Machine;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Links.Windows;

/// <summary>Wakes Windows' Teredo and waits until it has an address.</summary>
/// <remarks>
/// A listed address may be that of a client that sleeps, so it is always woken. The call that wakes it may return before there is an address, so the
/// addresses are checked whenever they change. Some time after the wake, the wait also ends when the client says that it is inactive, or that an error
/// keeps it offline. It ends when the client sleeps beside native IPv6, which lasts, even while the call that wakes has not ended. Another provider
/// may then be tried.
/// </remarks>
sealed class WindowsQualification(IWindowsSystem windows, WindowsStatus status, TimeProvider time, TimeSpan timeout)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(8); // the status may be older than the wake, and Teredo retries by itself

    /// <exception cref="TeredoException">There was no address in time; the message says what the system reports, and what to do.</exception>
    public async Task<TeredoInterface> WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var changed = new SemaphoreSlim(0, 1);
        await using var patience = time.CreateTimer(_ => LosePatience(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        long start = time.GetTimestamp();
        string? notWoken = null;
        Finding? unreadable = null;
        bool isPatient = true, isWoken = false;
        windows.Changed += Look;
        patience.Change(Patience, Timeout.InfiniteTimeSpan);
        var waking = WakeAsync();
        try
        {
            while (true)
            {
                if (isWoken && WindowsSearch.Find(windows, status, out unreadable) is { } found
                    && (await status.ReadAsync(either.Token).ConfigureAwait(false)).State != TeredoClientState.Dormant)
                    return found;
                if (!isPatient)
                    await RequireHopeAsync().ConfigureAwait(false);
                await changed.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Overdue(await status.ReadAsync(cancellationToken).ConfigureAwait(false)).ToException();
        }
        finally
        {
            windows.Changed -= Look;
            await either.CancelAsync().ConfigureAwait(false);
            await waking.ConfigureAwait(false);
        }

        async Task WakeAsync()
        {
            try
            {
                notWoken = (await windows.WakeAsync(either.Token).ConfigureAwait(false)).Reason;
                if (!status.IsToldByCim)
                    await status.ReadAsync(either.Token).ConfigureAwait(false); // netsh alone tells the state, and it changed
                isWoken = isPatient = true;
                patience.Change(Patience, Timeout.InfiniteTimeSpan);
                Look();
            }
            catch (OperationCanceledException)
            {
                // The time is over, or there is an address already.
            }
        }

        async Task RequireHopeAsync()
        {
            var now = await status.ReadAsync(either.Token).ConfigureAwait(false);
            if ((isWoken && now is { State: TeredoClientState.Inactive } or { State: TeredoClientState.Offline, Error: not null })
                || (now.State == TeredoClientState.Dormant && WindowsAddresses.HasNative(windows)))
                throw Overdue(now).ToException();
            // The client's state can change without a change of an address, so the state is read again later.
            patience.Change(Patience, Timeout.InfiniteTimeSpan);
        }

        Finding Overdue(TeredoStatus now) => ClientFindings.Overdue(time.GetElapsedTime(start), now,
            notWoken is null ? null : $"Teredo could not be woken: {notWoken}",
            unreadable?.Sentence,
            WindowsAddresses.HasNative(windows) ? ClientFindings.BesideNativeIPv6().Problem : null);

        void LosePatience()
        {
            isPatient = false;
            Look();
        }

        void Look()
        {
            try
            {
                changed.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // A check is due anyway, or the wait has ended.
            }
        }
    }
}
