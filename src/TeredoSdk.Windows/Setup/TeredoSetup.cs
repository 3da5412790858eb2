using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Setup;

/// <summary>
/// Sets up an application that uses Teredo, as an installer does, and removes the setup again. First make a <see cref="SetupPlan"/>, which needs no
/// rights and changes nothing, then call <see cref="SetupPlan.ApplyAsync"/>. The command <c>teredo setup</c> does the same. Safe for any number of
/// threads.
/// </summary>
public static class TeredoSetup
{
    /// <summary>
    /// Plans the steps that let strangers reach the application through Windows' Teredo. The plan removes the SDK's own firewall rules of the
    /// application that are no longer wanted. The rules from before the first setup are restored when the application is removed.
    /// </summary>
    /// <param name="options">The application and its needs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The plan; an empty one on systems other than Windows, where nothing needs to be set up.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The program does not exist or is one that runs others (<see cref="TeredoError.InvalidProgram"/>), a firewall rule that is not the SDK's own
    /// has the name (<see cref="TeredoError.InvalidFirewallRule"/>), or the record of an earlier setup can't be used
    /// (<see cref="TeredoError.SetupFailed"/>).
    /// </exception>
    public static async Task<SetupPlan> PlanAsync(TeredoSetupOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.Snapshot();
        var records = new SetupRecords(options.RecordFolder);
        var empty = SetupRecord.Of(options.Name, options.ProgramPath);
        if (WindowsOf(options) is not { } windows)
            return NothingToDo(options, records, empty, SetupCommand(options));
        List<Finding> findings = [.. records.Distrust is { } distrust ? [distrust] : Array.Empty<Finding>()];
        var record = records.Read(options.Name);
        var changes = new FirewallChanges(windows, findings).ToSetUp(options, record);
        var switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);
        if (options.EnableTeredo && TeredoChange.ToEnable(windows, switches, options.Server) is { } change)
            changes.Add(change);
        findings.AddRange(SetupWarnings.OfTeredo(switches, options.EnableTeredo));
        findings.AddRange(SetupWarnings.OfFirewall(windows, options, [.. changes.Select(change => change.Step)]));
        return new(empty, windows, records, changes, PlanEnd.KeepRecord)
        {
            Findings = findings,
            ElevatedCommand = SetupCommand(options),
            NeedsTeredo = options.EnableTeredo ? true : null,
            IsNews = options.EnableTeredo && record is not { NeedsTeredo: true },
        };
    }

    /// <summary>
    /// Plans the steps that restore the state from before the application was set up. Windows' Teredo stays on while another application that was set
    /// up needs it; the removal of the last one restores its settings.
    /// </summary>
    /// <param name="options">
    /// The application: its name and its program, which need not exist any longer. The record tells how it was set up. Without a record, only the
    /// rules of the SDK's own group for this application are removed, and a warning says so.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The plan; an empty one on systems other than Windows.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="TeredoException">The record can't be used (<see cref="TeredoError.SetupFailed"/>).</exception>
    public static async Task<SetupPlan> PlanRemovalAsync(TeredoSetupOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.Snapshot();
        var records = new SetupRecords(options.RecordFolder);
        var empty = SetupRecord.Of(options.Name, options.ProgramPath);
        string command = SetupCommandLine.Remove(options.ProgramPath, options.Name);
        if (WindowsOf(options) is not { } windows)
            return NothingToDo(options, records, empty, command);
        List<Finding> findings = [.. records.Distrust is { } distrust ? [distrust] : Array.Empty<Finding>()];
        if (records.Read(options.Name) is not { } record)
        {
            findings.Add(SetupFindings.NoRecord(options.Name));
            var own = new FirewallChanges(windows, findings).ToRemove(options.Name);
            return new(empty, windows, records, own, PlanEnd.NoRecord) { Findings = findings, ElevatedCommand = command };
        }
        var firewall = new FirewallChanges(windows, findings);
        var changes = firewall.ToRestore(record.Rules);
        var heir = FindHeir(findings, record.Teredo);
        if (heir is not null)
            changes.Add(new TeredoHandover(records, heir, record.Teredo!));
        else if (record.Teredo is { } teredo)
        {
            var switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);
            changes.Insert(0, TeredoChange.ToRestore(windows, switches.Configuration, teredo, findings));
        }
        // Rules that could not be read can't be restored now, so the record is kept for a later removal.
        var end = firewall.IsIncomplete ? PlanEnd.KeepRecord : PlanEnd.DeleteRecord;
        return new(empty, windows, records, changes, end)
        {
            Findings = findings,
            ElevatedCommand = command,
            NeedsTeredo = false,
            StillHolds = () => records.Read(options.Name)?.Teredo?.Before == record.Teredo?.Before
                && FindHeir([], record.Teredo)?.Name == heir?.Name,
        };

        SetupRecord? FindHeir(List<Finding> findings, TeredoRecord? teredo) =>
            teredo is null ? null : TeredoHandover.FindHeir(records.ReadOthers(options.Name, findings), teredo);
    }

    static IWindowsSystem? WindowsOf(TeredoSetupOptions options) => options.Windows ?? (OperatingSystem.IsWindows() ? WindowsSystem.Current : null);

    static SetupPlan NothingToDo(TeredoSetupOptions options, SetupRecords records, SetupRecord empty, string command) =>
        new(empty, null, records, [], PlanEnd.NoRecord)
        {
            Findings = [SetupFindings.NothingToDo(options.Name)],
            ElevatedCommand = command,
        };

    static string SetupCommand(TeredoSetupOptions options) => SetupCommandLine.Setup(
        options.ProgramPath, options.Name, options.TcpPort, options.UdpPort, options.EdgeTraversal,
        [
            .. options.EnableTeredo ? ["--enable-teredo"] : Array.Empty<string>(),
            .. options.Server is { } server ? ["--server", server] : Array.Empty<string>(),
        ]);
}
