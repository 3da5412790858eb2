using TeredoSdk.Machine;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>Wakes Windows' Teredo and waits until it has an address.</summary>
/// <remarks>
/// That the call which wakes returns does not mean that there is an address, so the addresses are looked at whenever they change. A client that says,
/// some time after it was woken, that it is not active or that an error keeps it offline is not waited for any longer: another way may be open.
/// </remarks>
sealed class WindowsQualification(IWindowsSystem windows, WindowsStatus status, TimeProvider time, TimeSpan timeout)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(8); // what it says may be of before the wake, and it tries again by itself

    /// <exception cref="TeredoException">There was none in time: what the system says, and what to do.</exception>
    public async Task<TeredoInterface> WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var changed = new SemaphoreSlim(0, 1);
        await using var patience = time.CreateTimer(_ => LosePatience(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        long start = time.GetTimestamp();
        string? notWoken = null, unreadable = null;
        bool isPatient = true;
        var waking = Task.CompletedTask;
        windows.Changed += Look;
        try
        {
            for (bool isFirst = true; ; isFirst = false)
            {
                if (WindowsSearch.Find(windows, out unreadable) is { } found)
                    return found;
                if (isFirst)
                    waking = WakeAsync();
                else if (!isPatient)
                    await RequireHopeAsync().ConfigureAwait(false);
                await changed.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Overdue(await status.ReadAsync(cancellationToken).ConfigureAwait(false));
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
                patience.Change(Patience, Timeout.InfiniteTimeSpan);
                Look();
            }
            catch (OperationCanceledException)
            {
                // Overdue, or there is an address already.
            }
        }

        async Task RequireHopeAsync()
        {
            var now = await status.ReadAsync(either.Token).ConfigureAwait(false);
            if (now is { State: TeredoClientState.Inactive } or { State: TeredoClientState.Offline, Error: not null })
                throw Overdue(now);
            // What it says may change without an address that does.
            patience.Change(Patience, Timeout.InfiniteTimeSpan);
        }

        TeredoException Overdue(TeredoStatus now) => WindowsProblems.Overdue(time.GetElapsedTime(start), now,
            notWoken is null ? null : $"It could not be woken: {notWoken}",
            unreadable,
            WindowsAddresses.HasNative(windows) ? WindowsProblems.BesideNativeIPv6 : null);

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
                // A look is due anyway, or nobody waits any more.
            }
        }
    }
}
