using TeredoSdk.Providers.Interface;
using TeredoSdk.Windows;

namespace TeredoSdk.Providers.Windows;

/// <summary>Wakes Windows' Teredo and waits until it has an address.</summary>
/// <remarks>That the call which wakes returns does not mean that there is an address, so the addresses are looked at whenever they change.</remarks>
sealed class WindowsQualification(IWindowsSystem windows, WindowsStatus status, TimeProvider time, TimeSpan timeout)
{
    /// <exception cref="TeredoException">There was none in time: what the system says, and what to do.</exception>
    public async Task<TeredoInterface> WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var changed = new SemaphoreSlim(0, 1);
        windows.Changed += Look;
        var waking = Task.CompletedTask;
        string? notWoken = null;
        try
        {
            while (true)
            {
                if (WindowsSearch.Find(windows, out _) is { } found)
                    return found;
                if (waking.IsCompleted && notWoken is null)
                    waking = WakeAsync();
                await changed.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw WindowsProblems.Overdue(timeout, await status.ReadAsync(cancellationToken).ConfigureAwait(false), notWoken);
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
                notWoken = (await windows.WakeAsync(either.Token).ConfigureAwait(false)).Reason ?? "";
                Look();
            }
            catch (OperationCanceledException)
            {
                // Overdue, or there is an address already.
            }
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
