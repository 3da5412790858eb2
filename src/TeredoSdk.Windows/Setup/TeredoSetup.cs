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
        var copy = options.Snapshot();
        return await PatientCall.RunAsync(() => PlanCopyAsync(copy, cancellationToken), copy.TimeProvider, cancellationToken).ConfigureAwait(false);
    }

    static async Task<SetupPlan> PlanCopyAsync(TeredoSetupOptions options, CancellationToken cancellationToken)
    {
        var system = WindowsOf(options);
        var records = new SetupRecords(options.RecordFolder, system);
        var empty = SetupRecord.Of(options.Name, options.ProgramPath);
        if (system is not { } windows)
            return NothingToDo((false, options), records, empty, SetupCommand(options));
        List<Finding> findings = [.. records.Distrust is { } distrust ? [distrust] : Array.Empty<Finding>()];
        var (record, isSetAside) = await records.ReadAsync(options.Name, options.ProgramPath, findings, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        var firewall = await FirewallChanges.ReadAsync(windows, options.TimeProvider, record, findings, cancellationToken).ConfigureAwait(false);
        var changes = firewall.ToSetUp(options, record, records.ReadOthers(options.Name, options.ProgramPath, []), isRecordLost: isSetAside);
        var switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);
        if (options.EnableTeredo && TeredoChange.ToEnable(windows, options.TimeProvider, switches, options.Server) is { } change)
            changes.Add(change);
        findings.AddRange(SetupWarnings.OfTeredo(switches, options.EnableTeredo));
        bool isServerByPolicy = TeredoActivation.IsServerByPolicy(switches, options.Server);
        if (isServerByPolicy)
            findings.Add(SetupFindings.LeftOut(ClientFindings.ServerByPolicy(switches.PolicyServer!, options.Server!)));
        var (overriding, isInForce) = SetupWarnings.OfFirewall(windows, firewall.Rules.ValueOrDefault, options, changes);
        findings.AddRange(overriding);
        return new(empty, windows, records, changes, PlanEnd.KeepRecord)
        {
            Findings = findings,
            Request = (false, options),
            ElevatedCommand = SetupCommand(options),
            Time = options.TimeProvider,
            NeedsTeredo = options.EnableTeredo ? true : null,
            IsNews = isSetAside || (options.EnableTeredo && record is not { NeedsTeredo: true }),
            IsComplete = !firewall.IsIncomplete && isInForce && !isServerByPolicy
                && (!options.EnableTeredo || switches.Obstacles.All(TeredoChange.IsMendedByEnabling)),
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
        var copy = options.Snapshot();
        return await PatientCall.RunAsync(() => PlanRemovalOfCopyAsync(copy, cancellationToken), copy.TimeProvider, cancellationToken).ConfigureAwait(false);
    }

    static async Task<SetupPlan> PlanRemovalOfCopyAsync(TeredoSetupOptions options, CancellationToken cancellationToken)
    {
        var system = WindowsOf(options);
        var records = new SetupRecords(options.RecordFolder, system);
        var empty = SetupRecord.Of(options.Name, options.ProgramPath);
        string command = SetupCommandLine.Remove(options.ProgramPath, options.Name);
        if (system is not { } windows)
            return NothingToDo((true, options), records, empty, command);
        List<Finding> findings = [.. records.Distrust is { } distrust ? [distrust] : Array.Empty<Finding>()];
        var (record, isSetAside) = await records.ReadAsync(options.Name, options.ProgramPath, findings, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        var firewall = await FirewallChanges.ReadAsync(windows, options.TimeProvider, record, findings, cancellationToken).ConfigureAwait(false);
        if (record is null)
        {
            var own = firewall.ToRemove(options, OthersRules());
            if (!isSetAside)
                findings.Add(own.Count > 0 || firewall.FindOther(options, Others()) is not { } other ? SetupFindings.NoRecord(options.Name)
                    : SetupFindings.OtherProgram(options.Name, options.ProgramPath, other));
            return new(empty, windows, records, own, PlanEnd.NoRecord)
            {
                Findings = findings,
                Request = (true, options),
                ElevatedCommand = command,
                Time = options.TimeProvider,
                IsNews = isSetAside,
                IsComplete = !firewall.IsIncomplete && !firewall.HasLeftovers,
            };
        }
        var changes = firewall.ToRestore(record.Rules, record.Blocks ?? []);
        changes.AddRange(firewall.ToRemove(options, [.. record.Rules, .. OthersRules()]));
        var heir = FindHeir(findings, record.Teredo);
        if (heir is not null)
            changes.Add(new TeredoHandover(records, heir, record.Teredo!));
        else if (record.Teredo is { } teredo)
        {
            var switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);
            changes.Insert(0, TeredoChange.ToRestore(windows, options.TimeProvider, switches.Configuration, teredo, findings));
        }
        // Rules that could not be read, or that somebody else changed, are not restored now, so the record is kept for a later removal.
        bool isComplete = !firewall.IsIncomplete && !firewall.HasLeftovers;
        var end = !isComplete ? PlanEnd.KeepRecord : PlanEnd.DeleteRecord;
        return new(empty, windows, records, changes, end)
        {
            Findings = findings,
            Request = (true, options),
            ElevatedCommand = command,
            Time = options.TimeProvider,
            NeedsTeredo = false,
            IsComplete = isComplete,
            StillHolds = () => records.Read(options.Name, options.ProgramPath)?.Teredo?.Before == record.Teredo?.Before
                && FindHeir([], record.Teredo) is var now && (heir is null ? now is null : now?.IsOf(heir.Name, heir.ProgramPath) == true),
        };

        IReadOnlyList<SetupRecord> Others() => records.ReadOthers(options.Name, options.ProgramPath, []);

        RuleRecord[] OthersRules() => [.. Others().SelectMany(other => other.Rules)];

        SetupRecord? FindHeir(List<Finding> findings, TeredoRecord? teredo) =>
            teredo is null ? null : TeredoHandover.FindHeir(records.ReadOthers(options.Name, options.ProgramPath, findings), teredo);
    }

    /// <summary>
    /// Call this first in Main: it is the side of <see cref="SetupPlan.ApplyElevatedAsync"/> that has an administrator's rights. In such a process it does
    /// its work without a window; Main then returns the exit code. In every other process it returns null at once.
    /// </summary>
    /// <remarks>
    /// The plan is made anew, from the arguments and from the machine. It is applied only when each step is one that was confirmed.
    /// </remarks>
    /// <param name="arguments">The arguments of Main.</param>
    /// <param name="recordFolder">The application's <see cref="TeredoSetupOptions.RecordFolder"/>, which no argument may choose; null for the default.</param>
    /// <returns>0: applied; 3: applied, but not complete; 1: it failed, and is undone; null: this process is none of these.</returns>
    public static int? TryRunElevated(string[] arguments, string? recordFolder = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments is not [ElevatedArguments.Verb, ..])
            return null;
        return OperatingSystem.IsWindows() ? WindowsElevation.Answer(arguments, recordFolder) : ElevatedRun.Failed;
    }

    static IWindowsSystem? WindowsOf(TeredoSetupOptions options) => options.Windows ?? (OperatingSystem.IsWindows() ? WindowsSystem.Current : null);

    static SetupPlan NothingToDo((bool IsRemoval, TeredoSetupOptions Options) request, SetupRecords records, SetupRecord empty, string command) =>
        new(empty, null, records, [], PlanEnd.NoRecord)
        {
            Request = request,
            Findings = [SetupFindings.NothingToDo(request.Options.Name)],
            ElevatedCommand = command,
        };

    static string SetupCommand(TeredoSetupOptions options) => SetupCommandLine.Setup(
        options.ProgramPath, options.Name, options.TcpPort, options.UdpPort, options.EdgeTraversal,
        [
            .. options.EnableTeredo ? ["--enable-teredo"] : Array.Empty<string>(),
            .. options.Server is { } server ? ["--server", server] : Array.Empty<string>(),
        ]);
}
