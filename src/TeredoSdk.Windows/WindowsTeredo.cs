using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
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
    public static async Task<WindowsReport> ReadReportAsync(CancellationToken cancellationToken = default) =>
        await ReadReportAsync(RequireWindows(), cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the report of the given Windows, as <see cref="ReadReportAsync(CancellationToken)"/> does.</summary>
    /// <param name="windows">The system.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Experimental("TEREDO001")]
    public static async Task<WindowsReport> ReadReportAsync(IWindowsSystem windows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(windows);
        var status = new WindowsStatus(windows);
        await status.ReadSwitchesAsync(cancellationToken).ConfigureAwait(false);
        await status.ReadAsync(cancellationToken).ConfigureAwait(false);
        var exceptions = new ProgramFirewall(windows, register: false, consent: null, NullLogger.Instance).Check();
        return new WindowsReportBuilder(windows, status, options: null).Build(exceptions, holds: 0, steps: []);
    }

    /// <summary>The Windows of this machine.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    internal static IWindowsSystem RequireWindows() => OperatingSystem.IsWindows() ? WindowsSystem.Current
        : throw new PlatformNotSupportedException("This system is not Windows, so it does not have Windows' Teredo.");
}
