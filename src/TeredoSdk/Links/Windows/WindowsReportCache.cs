using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>What Windows said last, and what goes of it into the node's report.</summary>
/// <param name="Report">The report.</param>
/// <param name="ExceptionError">The error of the firewall exception, when it is not in force.</param>
/// <param name="HasNativeIPv6">Whether the machine has a global IPv6 address that is neither Teredo's nor 6to4's.</param>
sealed record WindowsFindings(WindowsReport Report, TeredoError? ExceptionError, bool HasNativeIPv6);

/// <summary>The last report of Windows. Making one takes dozens of calls, so the node's report takes the last one. Safe for any number of threads.</summary>
sealed class WindowsReportCache(IWindowsSystem windows, WindowsStatus status, ProgramFirewall firewall, IList<string> servers, IReadOnlyList<string> steps)
{
    readonly Lock _making = new();
    volatile WindowsFindings? _last;
    int _isDue;

    /// <summary>What was found last. There when <see cref="RefreshAsync"/> has returned once.</summary>
    public WindowsFindings Last => _last!;

    /// <summary>Asks Windows anew.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        lock (_making) // one at a time: the last one is the newest
            _last = Make();
    }, cancellationToken);

    /// <summary>Asks Windows anew in the background: something changed. Changes that come meanwhile are one question.</summary>
    public void RefreshSoon()
    {
        if (Interlocked.Exchange(ref _isDue, 1) != 0)
            return;
        _ = Task.Run(() =>
        {
            lock (_making)
            {
                Volatile.Write(ref _isDue, 0); // what changes from now on is another question
                _last = Make();
            }
        });
    }

    WindowsFindings Make()
    {
        var exception = firewall.Check();
        var report = new WindowsReportBuilder(windows, status, servers).Build(exception, holds: 0, steps);
        return new(report, exception.Error, WindowsAddresses.HasNative(windows));
    }
}
