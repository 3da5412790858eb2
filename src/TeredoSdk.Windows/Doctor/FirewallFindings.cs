using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Doctor;

/// <summary>The words for what the firewall does to Teredo and to a program.</summary>
static class FirewallFindings
{
    const string Firewall = "Windows Firewall", Security = "Windows Security";

    /// <summary>A firewall that is off blocks nothing, so this is no error.</summary>
    public static Finding Off() => new()
    {
        Id = FindingIds.FirewallOff,
        Severity = FindingSeverity.Warning,
        Subject = Firewall,
        Problem = "The Windows Firewall is off in an active profile. It blocks nothing there, but Teredo may refuse to work without a firewall.",
        Fix = Command("netsh advfirewall set currentprofile state on", "To switch it on, run `{0}` from an elevated prompt."),
        Error = TeredoError.FirewallOff,
    };

    public static Finding NotHealthy() => Warning(FindingIds.FirewallNotHealthy, Security,
        "Windows Security finds no firewall that is on, and Teredo may refuse to work then.", "Switch a firewall on in Windows Security.");

    public static Finding Other(IReadOnlyList<string> products) => Warning(FindingIds.FirewallOther, string.Join(", ", products),
        $"Another firewall is registered ({string.Join(", ", products)}): it also decides which packets get in.", "Allow this program there.");

    /// <summary>All incoming packets are blocked, whatever the rules say.</summary>
    /// <param name="profile">The profile that blocks; null when that is not known.</param>
    public static Finding BlocksAll(FirewallProfiles? profile) => Overriding(FindingIds.FirewallBlocksAll, Firewall,
        $"The firewall blocks all incoming connections{(profile is { } on ? $" on {on} networks" : "")}, whatever the rules say.",
        $"Clear 'Block all incoming connections' in the firewall's settings{(profile is null ? "" : " of that profile")}.");

    public static Finding Policy() => Overriding(FindingIds.FirewallPolicy, Firewall,
        "A group policy overrides the firewall's local rules.", "Ask the administrator of this machine to allow this program there.") with
    {
        SetBy = "group policy",
    };

    public static Finding BlockRule(FirewallRule rule, string listener) => Overriding(FindingIds.FirewallBlockRule, rule.Name,
        $"The rule '{rule.Name}' blocks incoming packets for {listener}, and a block overrides every exception.",
        "Disable that rule in the firewall's advanced settings (wf.msc).");

    /// <param name="rule">The rule.</param>
    /// <param name="listener">The program or service in words.</param>
    /// <param name="shortfall">What the rule lacks, as the rest of a sentence.</param>
    /// <param name="fix">How to add an exception; null when that is no way out.</param>
    public static Finding Narrow(FirewallRule rule, string listener, string shortfall, Fix? fix)
    {
        const string Change = "hange that rule in the firewall's advanced settings (wf.msc).";
        var finding = Overriding(FindingIds.FirewallExceptionNarrow, rule.Name, $"The rule '{rule.Name}' for {listener} {shortfall}.", $"C{Change}");
        return fix is null ? finding : finding with { Fix = fix with { Sentence = $"{fix.Sentence.TrimEnd('.')}, or c{Change}" } };
    }

    public static Finding NoException(string protocol, string listener, Fix? fix) =>
        Missing(FindingIds.FirewallNoException, listener, $"The firewall has no exception for {protocol} to {listener}.", fix);

    /// <summary>An exception for a program that runs others would be bad advice, so the finding says what to do instead.</summary>
    public static Finding IsHost(string path) =>
        Missing(FindingIds.FirewallProgramIsHost, path, $"The firewall has no exception for '{path}', and {RequestChecks.HostAdvice(path)}.", null) with
        {
            Error = TeredoError.InvalidProgram,
        };

    public static Finding ProgramNotKnown() => new()
    {
        Id = FindingIds.FirewallProgramNotKnown,
        Severity = FindingSeverity.Warning,
        Subject = "this program",
        Problem = "The system does not tell the path of this program, so the program's rules can't be found.",
        Error = TeredoError.InvalidProgram,
    };

    /// <param name="reason">Why the firewall's state or rules are not known.</param>
    public static Finding NotRead(Finding reason) =>
        reason with { Id = FindingIds.FirewallNotRead, Subject = Firewall, Error = TeredoError.FirewallUnavailable };

    public static Finding TeredoPort() => Warning(FindingIds.FirewallTeredoPort, Firewall,
        "No firewall rule allows UDP to the Teredo service's own port.", "Enable Windows' rule \"Core Networking - Teredo (UDP-In)\".");

    public static Finding Echo() => Warning(FindingIds.FirewallEcho, Firewall,
        "No firewall rule allows ICMPv6 Echo Requests, so nobody can ping this machine.",
        "Enable \"File and Printer Sharing (Echo Request - ICMPv6-In)\".", FindingSeverity.Note);

    public static Finding Icmpv6(IEnumerable<int> types) => Warning(FindingIds.FirewallIcmpv6, Firewall,
        $"No firewall rule allows the ICMPv6 types {string.Join(", ", types)}; connections over IPv6 hang without them.",
        "Enable Windows' rules of the group \"Core Networking\" for ICMPv6.");

    public static Finding Protocol41() => Warning(FindingIds.FirewallProtocol41, Firewall,
        "A 6to4 or ISATAP address is in use, but no firewall rule allows protocol 41.", "Enable Windows' rule \"Core Networking - IPv6 (IPv6-In)\".");

    /// <param name="command">The command.</param>
    /// <param name="sentence">The sentence of the fix, with {0} where the command stands.</param>
    static Fix Command(string command, string sentence) =>
        new() { Sentence = sentence.Replace("{0}", command, StringComparison.Ordinal), Command = command, NeedsAdministrator = true };

    static Finding Warning(string id, string subject, string problem, string step, FindingSeverity severity = FindingSeverity.Warning) => new()
    {
        Id = id,
        Severity = severity,
        Subject = subject,
        Problem = problem,
        Fix = new() { Sentence = step, NeedsAdministrator = true },
    };

    static Finding Overriding(string id, string subject, string problem, string step) =>
        Warning(id, subject, problem, step) with { Severity = FindingSeverity.Error, Error = TeredoError.FirewallExceptionOverridden };

    static Finding Missing(string id, string subject, string problem, Fix? fix) => new()
    {
        Id = id,
        Severity = FindingSeverity.Error,
        Subject = subject,
        Problem = problem,
        Fix = fix,
        Error = TeredoError.FirewallExceptionMissing,
    };
}
