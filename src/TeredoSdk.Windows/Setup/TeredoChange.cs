using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Setup;

/// <summary>Changes or restores the settings of Windows' Teredo.</summary>
/// <param name="windows">The system.</param>
/// <param name="time">The clock for time-outs.</param>
/// <param name="before">The present settings.</param>
/// <param name="after">The new settings; null members do not change.</param>
/// <param name="kind">Whether the settings are changed or restored.</param>
/// <param name="isSatisfied">Whether the present settings are already the new ones.</param>
/// <param name="sources">What each source said of the present settings.</param>
sealed class TeredoChange(IWindowsSystem windows, TimeProvider time, TeredoConfiguration before, TeredoConfiguration after, SetupStepKind kind,
    bool isSatisfied, IReadOnlyList<string>? sources = null) : SetupChange
{
    readonly TeredoActivation _activation = new(windows, time);

    public override Finding? Reservation => _activation.Reservation;

    public override SetupStep Step { get; } = new()
    {
        Kind = kind,
        Sentence = Describe(kind, after, isSatisfied),
        IsSatisfied = isSatisfied,
        TeredoBefore = before,
        TeredoAfter = after,
    };

    /// <summary>Makes the change that switches Teredo on. Returns null where something else keeps Teredo off; a warning says that.</summary>
    public static SetupChange? ToEnable(IWindowsSystem windows, TimeProvider time, TeredoSwitches switches, string? server)
    {
        if (!switches.Obstacles.All(IsMendedByEnabling) || TeredoActivation.IsServerByPolicy(switches, server))
            return null;
        bool stands = switches.IsOn == true && (server is null || TeredoActivation.IsSameServer(switches.ServerName, server));
        var after = new TeredoConfiguration { Type = TeredoType.EnterpriseClient, ServerName = server };
        return new TeredoChange(windows, time, switches.Configuration, after, SetupStepKind.EnableTeredo, stands, switches.Sources);
    }

    /// <summary>Whether enabling Teredo removes the obstacle. Services are left to the user, because a setup could not stop them again.</summary>
    public static bool IsMendedByEnabling(Finding obstacle) =>
        obstacle.Error is TeredoError.TeredoDisabled or TeredoError.TeredoDisabledByDefault;

    /// <summary>Makes the change that restores Teredo's settings, except those that somebody else changed since the setup.</summary>
    public static SetupChange ToRestore(IWindowsSystem windows, TimeProvider time, TeredoConfiguration current, TeredoRecord record,
        List<Finding> findings)
    {
        bool hasOwnType = record.IsOwnType(current.Type);
        if (hasOwnType && record.Before.Type is null)
            findings.Add(SetupFindings.TypeNotKnown(current.Type, record.Sources));
        if (!hasOwnType)
            findings.Add(SetupFindings.TypeChanged(current.Type));
        var after = new TeredoConfiguration
        {
            Type = hasOwnType && record.Before.Type is { } before ? before : current.Type, // what was not read is not written back as something else
            ServerName = record.ChangedServer ? ServerToRestore(current, record, findings) : null,
        };
        bool stands = after.Type == current.Type && (after.ServerName is null || TeredoActivation.IsSameServer(current.ServerName, after.ServerName));
        return new TeredoChange(windows, time, current, after, SetupStepKind.RestoreTeredo, stands);
    }

    public override SetupRecord Announce(SetupRecord record) => kind == SetupStepKind.EnableTeredo ? record.WithTeredo(before, after, sources ?? []) : record;

    public override SetupRecord Conclude(SetupRecord record) => kind == SetupStepKind.EnableTeredo ? record : record with { Teredo = null };

    public override async Task CheckAsync(CancellationToken cancellationToken)
    {
        if ((await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false)).Configuration != before)
            throw new TeredoException(TeredoError.SetupFailed,
                "The settings of Windows' Teredo were changed by another program or user after the plan was made. Make a new plan.");
    }

    public override async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (kind == SetupStepKind.EnableTeredo)
            await _activation.EnableAsync(after.ServerName, AgreeAsync, cancellationToken).ConfigureAwait(false);
        else
            await _activation.RestoreAsync(after, cancellationToken).ConfigureAwait(false);
    }

    public override Task UndoAsync() => _activation.RestoreAsync(before, CancellationToken.None);

    // The user who applies the plan has consented to enabling Teredo, and to nothing else.
    static ValueTask<bool> AgreeAsync(ConsentRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(request.Kind == ConsentKind.EnableTeredo);

    static string? ServerToRestore(TeredoConfiguration current, TeredoRecord record, List<Finding> findings)
    {
        if (!record.IsOwnServer(current.ServerName))
        {
            findings.Add(SetupFindings.ServerChanged(current.ServerName));
            return null;
        }
        if (record.Before.ServerName is null)
            findings.Add(SetupFindings.ServerNotKnown(current.ServerName));
        return record.Before.ServerName;
    }

    static string Describe(SetupStepKind kind, TeredoConfiguration after, bool isSatisfied)
    {
        string server = after.ServerName is { } name ? $" with the server {name}" : "";
        return (kind, isSatisfied) switch
        {
            (SetupStepKind.EnableTeredo, true) => $"Windows' Teredo is already on{server}.",
            (SetupStepKind.EnableTeredo, false) => $"Switch Windows' Teredo on{server}: this machine gets a public IPv6 address; "
                + "the firewall stays in force.",
            (_, true) => "Windows' Teredo is already set as it was before.",
            _ => $"Set Windows' Teredo back to {SetupFindings.Word(after.Type)}{server}, as it was before.",
        };
    }
}
