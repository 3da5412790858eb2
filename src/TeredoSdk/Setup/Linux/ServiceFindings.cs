namespace TeredoSdk.Setup.Linux;

/// <summary>The findings of a setup of a service.</summary>
static class ServiceFindings
{
    public static Finding NotBooted(ServiceNames names) => new()
    {
        Id = FindingIds.SetupNotBooted,
        Severity = FindingSeverity.Warning,
        Subject = names.Unit,
        Problem = "systemd does not run this machine, so the service is set up but not started.",
        Evidence = ["There is no /run/systemd/system."],
        Fix = new() { Sentence = "It starts when the machine starts with systemd." },
    };

    public static Finding NoPort(ServiceNames names) => new()
    {
        Id = FindingIds.SetupNoServicePort,
        Severity = FindingSeverity.Note,
        Subject = names.Unit,
        Problem = "The service chooses its UDP port anew at each start, so no firewall exception can be made for it.",
        Fix = new() { Sentence = "If a firewall blocks it, fix the port with --port (of a relay) or --client-port (of a client), and set up again." },
    };

    public static Finding FirewallUnread(ServiceNames names, string reason) => new()
    {
        Id = FindingIds.SetupFirewallUnread,
        Severity = FindingSeverity.Warning,
        Subject = names.Unit,
        Problem = "It is not known whether a firewall blocks the service's port, so the plan has no exception.",
        Evidence = [reason],
        Fix = new() { Sentence = "With root's rights the rules are read, and the plan is made again.", NeedsAdministrator = true },
    };

    public static Finding LegacyTables(int port) => new()
    {
        Id = FindingIds.SetupLegacyIptables,
        Severity = FindingSeverity.Warning,
        Subject = $"UDP port {port}",
        Problem = "The kernel also has a filter table of the old iptables (iptables-legacy), which may block the port. A setup does not change it.",
        Evidence = ["/proc/net/ip_tables_names names the table \"filter\"."],
        Fix = new()
        {
            Sentence = $"If it blocks, let the port in with `iptables-legacy -I INPUT -p udp --dport {port} -j ACCEPT`.",
            Command = $"iptables-legacy -I INPUT -p udp --dport {port} -j ACCEPT",
            NeedsAdministrator = true,
        },
    };

    public static Finding ChangedUnit(string unit) => new()
    {
        Id = FindingIds.SetupUnitChanged,
        Severity = FindingSeverity.Warning,
        Subject = unit,
        Problem = "The unit was changed by hand since it was set up. The changes are overwritten.",
        Fix = new() { Sentence = $"Put them into a drop-in: `systemctl edit {unit}`.", Command = $"systemctl edit {unit}", NeedsAdministrator = true },
    };

    public static Finding LeftAlone(Setting setting) => new()
    {
        Id = FindingIds.SetupLeftAlone,
        Severity = FindingSeverity.Warning,
        Subject = setting.Subject,
        Problem = $"Another program or user changed this since the setup ({setting.Kind}), so it is left alone, and the record keeps it.",
        Fix = new() { Sentence = "Remove it by hand if it is not needed; then run the removal again.", NeedsAdministrator = true },
    };

    public static Finding RecordDamaged(ServiceNames names, string path, string reason) => new()
    {
        Id = FindingIds.SetupRecordDamaged,
        Severity = FindingSeverity.Note,
        Subject = names.Unit,
        Problem = $"The record of the setup, {path}, can't be used ({reason}).",
        Fix = new() { Sentence = "When this is applied, it is renamed to end in .unused." },
    };

    public static Finding RecordOfOtherMachine(ServiceNames names, string path) => RecordDamaged(names, path, "another machine wrote it") with
    {
        Id = FindingIds.SetupRecordOfOtherMachine,
    };

    public static Finding NoRecord(ServiceNames names) => new()
    {
        Id = FindingIds.SetupNoRecord,
        Severity = FindingSeverity.Note,
        Subject = names.Unit,
        Problem = "There is no record of a setup: what bears a setup's mark is removed, and the state from before is not known. A port that was opened in a "
            + "zone of firewalld closes with firewalld's next restart.",
    };
}
