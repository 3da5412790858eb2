using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows;

/// <summary>The state of Windows' own Teredo, whichever provider this program uses. Safe for any number of threads.</summary>
public static class WindowsTeredo
{
    /// <summary>
    /// Reads the report of Windows: Teredo's settings, its state, and the obstacles. It only reads, does not wake Teredo, and needs no administrator.
    /// <see cref="WindowsReport.NotKnown"/> lists what it may not read.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    public static Task<WindowsReport> ReadReportAsync(CancellationToken cancellationToken = default) => ReadReportAsync(RequireWindows(), null, cancellationToken);

    /// <summary>Reads the report of Windows with the firewall exception of another program than this one.</summary>
    /// <param name="programPath">The full path of the program; null for the program that calls.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    public static Task<WindowsReport> ReadReportAsync(string? programPath, CancellationToken cancellationToken = default) =>
        ReadReportAsync(RequireWindows(), programPath, cancellationToken);

    /// <summary>Reads the report of the given Windows, as <see cref="ReadReportAsync(string?, CancellationToken)"/> does.</summary>
    /// <param name="windows">The system.</param>
    /// <param name="programPath">The full path of the program whose firewall exception is judged; null for <see cref="IWindowsSystem.ProgramPath"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Experimental("TEREDO001")]
    public static async Task<WindowsReport> ReadReportAsync(IWindowsSystem windows, string? programPath = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return (await ReadAsync(windows, programPath, cancellationToken).ConfigureAwait(false)).Report;
    }

    /// <summary>Reads the report, and why strangers can't reach the program.</summary>
    internal static Task<(WindowsReport Report, FirewallExceptionCheck Program)> ReadAsync(IWindowsSystem windows, string? programPath,
        CancellationToken cancellationToken) => PatientCall.RunAsync(async () =>
        {
            programPath = programPath is null ? null : ApplicationRules.PathOf(windows, programPath);
            var status = new WindowsStatus(windows);
            await status.ReadSwitchesAsync(cancellationToken).ConfigureAwait(false);
            await status.ReadAsync(cancellationToken).ConfigureAwait(false);
            var view = FirewallView.Read(windows.Firewall);
            var program = ExceptionCheck.OfProgram(view, programPath ?? windows.ProgramPath);
            return (new WindowsReportBuilder(windows, status, options: null, programPath).Build(view, [program], holds: 0, steps: []), program);
        }, TimeProvider.System, cancellationToken, TeredoError.FirewallUnavailable);

    /// <summary>The Windows of this machine.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    internal static IWindowsSystem RequireWindows() => OperatingSystem.IsWindows() ? WindowsSystem.Current
        : throw new PlatformNotSupportedException("This system is not Windows, so it does not have Windows' Teredo.");
}
