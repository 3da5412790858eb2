using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Links.Windows;

/// <summary>Windows' last answers, and the parts of them that the node's report needs.</summary>
/// <param name="Report">The report.</param>
/// <param name="Lacking">Why the firewall lets no stranger in to sockets of this program; empty when it does.</param>
/// <param name="HasNativeIPv6">Whether the machine has a global IPv6 address that is neither a Teredo nor a 6to4 address.</param>
sealed record WindowsFindings(WindowsReport Report, IReadOnlyList<Finding> Lacking, bool HasNativeIPv6);

/// <summary>Keeps the last report of Windows, because making one takes dozens of calls. Safe for any number of threads.</summary>
sealed class WindowsReportCache(IWindowsSystem windows, WindowsStatus status, ProgramFirewall firewall, TeredoOptions options, IReadOnlyList<string> steps)
{
    readonly Lock _making = new();
    volatile WindowsFindings? _last;
    int _isDue;

    /// <summary>The last findings. Available once <see cref="RefreshAsync"/> has returned.</summary>
    public WindowsFindings Last => _last!;

    /// <summary>Asks Windows again.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        lock (_making) // one at a time, so that the newest findings are stored last
            _last = Make();
    }, cancellationToken);

    /// <summary>
    /// Asks Windows again in the background, after a change. Changes that come before the question is asked cause no further question.
    /// </summary>
    public void RefreshSoon()
    {
        if (Interlocked.Exchange(ref _isDue, 1) != 0)
            return;
        _ = Task.Run(() =>
        {
            lock (_making)
            {
                Volatile.Write(ref _isDue, 0); // a change from now on causes another question
                _last = Make();
            }
        });
    }

    WindowsFindings Make()
    {
        var exceptions = firewall.Check();
        var report = new WindowsReportBuilder(windows, status, options).Build(exceptions, holds: 0, [.. steps, .. firewall.Steps]);
        var lacking = exceptions.Where(check => check.LetsIn != true).Select(check => check.Finding).OfType<Finding>();
        return new(report, [.. lacking], WindowsAddresses.HasNative(windows));
    }
}
