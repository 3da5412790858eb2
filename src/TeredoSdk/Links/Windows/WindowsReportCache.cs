namespace TeredoSdk.Links.Windows;

/// <summary>A report of Windows, and what goes into the node's.</summary>
/// <param name="Report">The report.</param>
/// <param name="ExceptionError">The error of the firewall exception, when it is not in force.</param>
sealed record WindowsFindings(WindowsReport Report, TeredoError? ExceptionError);

/// <summary>
/// The last report of Windows, made anew when something changed or it is old: it takes dozens of calls. Safe for any number of threads.
/// </summary>
sealed class WindowsReportCache(TimeProvider time, Func<WindowsFindings> make)
{
    static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    WindowsFindings? _report;
    long _madeAt, _version;

    public WindowsFindings Get()
    {
        long version;
        lock (_gate)
        {
            if (_report is not null && time.GetElapsedTime(_madeAt) < MaxAge)
                return _report;
            version = _version;
        }
        var report = make();
        lock (_gate)
            if (version == _version) // else it may be of before the change
                (_report, _madeAt) = (report, time.GetTimestamp());
        return report;
    }

    public void Forget()
    {
        lock (_gate)
            (_report, _version) = (null, _version + 1);
    }
}
