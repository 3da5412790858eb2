using TeredoSdk.Windows.Native.Netsh;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Windows.Doctor;

/// <summary>The words for what a setup or a removal leaves as it is.</summary>
static class SetupFindings
{
    const string Client = "Windows' Teredo";

    public static Finding RuleChanged(string rule) => Left(FindingIds.SetupRuleChanged, rule,
        $"The firewall rule '{rule}' was changed by another program or user since the setup, and is left alone.", "Remove it by hand if it is not needed.");

    public static Finding RuleRemoved(string rule) => Left(FindingIds.SetupRuleRemoved, rule,
        $"The firewall rule '{rule}' was removed by another program or user since the setup, and is not restored.");

    public static Finding RuleShared(string rule) => Left(FindingIds.SetupRuleShared, rule,
        $"Another program also has a firewall rule '{rule}'. The firewall can't tell the two apart, so both are left alone.");

    public static Finding BlocksChanged(string rule) => Left(FindingIds.SetupRuleChanged, rule,
        $"The firewall rules '{rule}', which blocked the program, were changed by another program or user since the setup, and are not restored.");

    /// <summary>The record can't be used. A plan that meets it goes on without it.</summary>
    public static Finding RecordDamaged(string path, string reason) => Left(FindingIds.SetupRecordDamaged, path,
        $"The record of the setup, {path}, can't be used: {reason}.",
        "It is renamed when this is applied. What was before that setup is not known any longer, so a removal only removes the firewall rules of the group "
        + $"{FirewallExceptionRequest.OwnGrouping} for the program, and leaves the settings of Teredo as they are.") with
    {
        Error = TeredoError.SetupFailed,
    };

    /// <summary>The record came with a copied folder or image. A plan that meets it goes on without it.</summary>
    public static Finding RecordOfOtherMachine(string path) => RecordDamaged(path, "another machine wrote it") with
    {
        Id = FindingIds.SetupRecordOfOtherMachine,
    };

    public static Finding RecordLocked(string path, string reason) => Left(FindingIds.SetupRecordLocked, path,
        $"The record of the setup, {path}, can't be read now ({reason.TrimEnd('.')}).",
        "Close the program that holds it, or wait until it ends, and try again.") with
    {
        Severity = FindingSeverity.Error,
        Error = TeredoError.SetupFailed,
    };

    /// <summary>A setup failed, and what it changed is not all undone.</summary>
    /// <param name="application">The application.</param>
    /// <param name="cause">Why it failed.</param>
    /// <param name="problems">What may be left, and why.</param>
    public static Finding NotUndone(string application, string cause, IReadOnlyList<string> problems) => Left(FindingIds.SetupNotUndone, application,
        $"{cause} Not all earlier steps could be undone: {string.Join(" ", problems)} The record is kept.",
        $"Solve these problems, then run the removal of '{application}'.") with
    {
        Severity = FindingSeverity.Error,
        Error = TeredoError.SetupFailed,
    };

    public static Finding FirewallNotRead(string reason) => Left(FindingIds.FirewallNotRead, "Windows Firewall",
        $"The firewall can't be read, so its rules are left out: {reason}", "Solve this problem and run this again.");

    public static Finding TypeChanged(TeredoType? type) => Left(FindingIds.SetupTeredoChanged, Client,
        $"Another program or user set Windows' Teredo to {Word(type)} since the setup; this stays.");

    /// <param name="type">The type that is set now.</param>
    /// <param name="sources">What each source said before the setup.</param>
    public static Finding TypeNotKnown(TeredoType? type, IReadOnlyList<string>? sources) => Left(FindingIds.SetupTeredoChanged, Client,
        $"The type that Windows' Teredo had before the setup is not known ({(sources is { Count: > 0 } ? string.Join("; ", sources) : "no source told it")}); "
        + $"it stays {Word(type)}.");

    public static Finding ServerChanged(string? server) => Left(FindingIds.SetupTeredoChanged, Client,
        $"Another program or user gave Windows' Teredo the server {server} since the setup; this stays.");

    public static Finding ServerNotKnown(string? server) => Left(FindingIds.SetupTeredoChanged, Client,
        $"The server that Windows' Teredo had before the setup is not known; it keeps {server}.");

    /// <summary>The record of another application can't be used.</summary>
    public static Finding OtherNotKnown(string reason) => Left(FindingIds.SetupOtherNotKnown, "records",
        $"It is not known whether another application needs Windows' Teredo. {reason}");

    public static Finding FolderNotTrusted(string folder) => Left(FindingIds.SetupFolderNotTrusted, folder,
        $"The folder of the setup's records, {folder}, is not protected from other users, so its records are not read. When this is applied, it is renamed and "
        + "a new one is made.", "Find out who made it.");

    public static Finding ProgramWritable(string program, string part) => Left(FindingIds.SetupProgramWritable, program,
        $"{program} would run with an administrator's rights, and users without them can change {part}: what runs is what was written there last.",
        "Consent only if you trust all that runs on this machine, or install the program where only administrators can write, such as in Program Files.");

    public static Finding NoRecord(string application) => Left(FindingIds.SetupNoRecord, application,
        $"There is no record of a setup of '{application}': only firewall rules of the group {FirewallExceptionRequest.OwnGrouping} for it are removed, and "
        + "the settings of Teredo stay as they are.");

    /// <summary>The name is that of another program, so nothing is removed.</summary>
    public static Finding OtherProgram(string application, string program, string other) => Left(FindingIds.SetupOtherProgram, application,
        $"There is neither a record nor a firewall rule of '{application}' for '{program}', so nothing is removed. The name is that of '{other}'.",
        $"To remove that one, name its program: {other}");

    public static Finding NothingToDo(string application) => new()
    {
        Id = FindingIds.SetupNothingToDo,
        Severity = FindingSeverity.Note,
        Subject = application,
        Problem = $"There is nothing to set up for '{application}' on this system: the SDK's own Teredo client needs neither rights nor a firewall exception here.",
    };

    /// <summary>A switch that the setup can't turn, so that its step is left out.</summary>
    public static Finding LeftOut(Finding obstacle) =>
        obstacle with { Problem = $"Windows' Teredo can't be switched on now, so this step is left out. {obstacle.Problem}" };

    /// <summary>A switch that the setup would turn if it was asked to.</summary>
    public static Finding CanBeEnabled(Finding obstacle) => obstacle with
    {
        Fix = obstacle.Fix! with { Sentence = $"{obstacle.Fix.Sentence} {nameof(TeredoSetupOptions.EnableTeredo)} makes the setup switch it on." },
    };

    public static string Word(TeredoType? type) => type is { } known ? TeredoCommands.Word(known) : "something unknown";

    static Finding Left(string id, string subject, string problem, string? step = null) => new()
    {
        Id = id,
        Severity = FindingSeverity.Warning,
        Subject = subject,
        Problem = problem,
        Fix = step is null ? null : new() { Sentence = step, NeedsAdministrator = true },
    };
}
