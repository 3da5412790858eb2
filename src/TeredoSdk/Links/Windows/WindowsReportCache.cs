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
    FirewallView? _view;
    int _isDue;
    volatile bool _isRulesDue;

    /// <summary>The last findings. Available once <see cref="RefreshAsync"/> has returned.</summary>
    public WindowsFindings Last => _last!;

    /// <summary>Asks Windows for the first time, and removes the rules that a crashed run left.</summary>
    /// <exception cref="TeredoException">Windows does not answer.</exception>
    public Task BeginAsync(CancellationToken cancellationToken) => ReadAsync(() => firewall.RemoveStale(FirewallView.Read(windows.Firewall)), cancellationToken);

    /// <summary>Asks Windows again.</summary>
    /// <param name="view">The firewall as it was just read; null to read it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TeredoException">Windows does not answer.</exception>
    public Task RefreshAsync(FirewallView? view, CancellationToken cancellationToken) => ReadAsync(() => view ?? FirewallView.Read(windows.Firewall), cancellationToken);

    /// <summary>
    /// Asks Windows again in the background, after a change. Changes that come before the question is asked cause no further question.
    /// </summary>
    /// <param name="withRules">Whether the rules are read again, too: not for what happens each minute.</param>
    public void RefreshSoon(bool withRules)
    {
        if (withRules)
            _isRulesDue = true;
        if (Interlocked.Exchange(ref _isDue, 1) != 0)
            return;
        _ = Task.Run(() =>
        {
            lock (_making)
            {
                Volatile.Write(ref _isDue, 0); // a change from now on causes another question
                bool isRulesDue = _isRulesDue;
                _isRulesDue = false;
                Make(FirewallView.Read(windows.Firewall, isRulesDue ? null : _view));
            }
        });
    }

    Task<bool> ReadAsync(Func<FirewallView> look, CancellationToken cancellationToken) => PatientCall.ReadAsync(() =>
    {
        lock (_making) // one at a time, so that the newest findings are stored last
        {
            Make(look());
            return true;
        }
    }, options.TimeProvider, cancellationToken);

    void Make(FirewallView view)
    {
        _view = view;
        var exceptions = firewall.Check(view);
        var report = new WindowsReportBuilder(windows, status, options).Build(view, exceptions, holds: 0, [.. steps, .. firewall.Steps]);
        var lacking = exceptions.Where(check => check.LetsIn != true).Select(check => check.Finding).OfType<Finding>();
        _last = new(report, [.. lacking], WindowsAddresses.HasNative(windows));
    }
}
