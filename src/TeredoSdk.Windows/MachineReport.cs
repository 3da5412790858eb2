using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows;

/// <summary>What a <see cref="MachineReport"/> has. The call copies the options.</summary>
public sealed class MachineReportOptions
{
    /// <summary>The full path of the program that it is about; null (the default) for the program that calls.</summary>
    public string? ProgramPath { get; set; }

    /// <summary>
    /// Whether names and addresses of people, the machine and its programs are replaced by others of the same kind; true by default. The name and folder of
    /// the program itself stay, except a user's name in it.
    /// </summary>
    public bool Redact { get; set; } = true;

    /// <summary>Whether a disabled firewall rule is written, read back and removed, which needs an administrator; false by default.</summary>
    public bool Probe { get; set; }

    /// <summary>How long Windows' Teredo may take for an address after it is woken; 10 s by default.</summary>
    public TimeSpan WakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The Windows; null (the default) for this machine's. Tests can set a fake one.</summary>
    [Experimental("TEREDO001")]
    public IWindowsSystem? Windows { get; set; }
}

/// <summary>
/// A report of a machine, to send to people who can't sit at it: everything that the SDK asks of Windows, with the raw answers and the time that each took.
/// <c>FakeWindows.FromReport</c> of the package TeredoSdk.Testing answers as that machine did.
/// </summary>
public static class MachineReport
{
    /// <summary>Makes a report: JSON, with its format, its version, and a digest by which a changed report is noticed.</summary>
    /// <param name="options">What it has; null for the usual.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <remarks>It wakes Windows' Teredo, and changes nothing else unless <see cref="MachineReportOptions.Probe"/> is set.</remarks>
    /// <exception cref="ArgumentException">The wake timeout is outside 1 millisecond to 1 minute.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static async Task<string> MakeAsync(MachineReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var (program, isRedacted, probes, patience) = (options.ProgramPath, options.Redact, options.Probe, options.WakeTimeout);
        if (patience < TimeSpan.FromMilliseconds(1) || patience > TimeSpan.FromMinutes(1))
            throw BadOption.Of(nameof(options.WakeTimeout), patience, "1 millisecond to 1 minute");
        var windows = options.Windows ?? WindowsTeredo.RequireWindows();
        var reader = new MachineReader(windows, program is null ? windows.ProgramPath : ApplicationRules.PathOf(windows, program), patience);
        var facts = await Task.Run(() => reader.ReadAsync(probes, cancellationToken), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        return MachineFactsFile.Write(facts, isRedacted);
    }
}
