using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Doctor;

/// <summary>The words for what the firewall does to Teredo and to a program.</summary>
static class FirewallFindings
{
    const string Firewall = "Windows Firewall", Security = "Windows Security";
    const string NoneOfTheRules = "all rules of the firewall: none that is in force does that";

    /// <summary>A firewall that is off blocks nothing, so this is no error.</summary>
    public static Finding Off() => new()
    {
        Id = FindingIds.FirewallOff,
        Severity = FindingSeverity.Warning,
        Subject = Firewall,
        Problem = "The Windows Firewall is off in an active profile. It blocks nothing there, but Teredo may refuse to work without a firewall.",
        Evidence = ["the firewall's profiles: FirewallEnabled is false in an active one"],
        Fix = Command("netsh advfirewall set currentprofile state on", "To switch it on, run `{0}` from an elevated prompt."),
        Error = TeredoError.FirewallOff,
    };

    public static Finding NotHealthy(FirewallHealth health) => Warning(FindingIds.FirewallNotHealthy, Security,
        "Windows Security finds no firewall that is on, and Teredo may refuse to work then.", "Switch a firewall on in Windows Security.",
        $"Windows Security (WscGetSecurityProviderHealth): {health}");

    public static Finding Other(IReadOnlyList<string> products) => Warning(FindingIds.FirewallOther, string.Join(", ", products),
        $"Another firewall is registered ({string.Join(", ", products)}): it also decides which packets get in.", "Allow this program there.",
        [.. products.Select(product => $"registered with the firewall (INetFwProducts): {product}")]) with
    {
        SetBy = string.Join(", ", products),
    };

    /// <summary>All incoming packets are blocked, whatever the rules say.</summary>
    /// <param name="profile">The profile that blocks; null when that is not known.</param>
    public static Finding BlocksAll(FirewallProfiles? profile) => Overriding(FindingIds.FirewallBlocksAll, Firewall,
        $"The firewall blocks all incoming connections{(profile is { } on ? $" on {on} networks" : "")}, whatever the rules say.",
        $"Clear 'Block all incoming connections' in the firewall's settings{(profile is null ? "" : " of that profile")}.",
        $"the firewall's profiles: all inbound traffic is blocked{(profile is { } read ? $" in {read}" : "")}");

    public static Finding Policy() => Overriding(FindingIds.FirewallPolicy, Firewall,
        "A group policy overrides the firewall's local rules.", "Ask the administrator of this machine to allow this program there.",
        "the firewall: LocalPolicyModifyState tells of a group policy that overrides") with
    {
        SetBy = "group policy",
    };

    public static Finding BlockRule(FirewallRule rule, string listener)
    {
        var finding = Overriding(FindingIds.FirewallBlockRule, rule.Name,
            $"The rule '{rule.Name}' blocks incoming packets for {listener}, and a block overrides every exception.",
            "Disable that rule in the firewall's advanced settings (wf.msc).", Words(rule));
        return ExceptionRules.IsOfCancelledPrompt(rule) ? OfPrompt(finding, rule) : finding;
    }

    // The rules for TCP and UDP have one name, which the command takes together.
    static Finding OfPrompt(Finding finding, FirewallRule rule)
    {
        string command = $"netsh advfirewall firewall set rule name=\"{rule.Name}\" program=\"{rule.ProgramPath}\" new enable=no";
        return finding with
        {
            Problem = $"{finding.Problem} Windows made it when its own question at the program's first listen was cancelled.",
            SetBy = "Windows' own question",
            Fix = !ShellText.IsSafe(rule.Name) || !ShellText.IsSafe(rule.ProgramPath!) ? finding.Fix : Command(command,
                "Disable that rule in the firewall's advanced settings (wf.msc), or run `{0}` from an elevated prompt; enable=yes takes it back."),
        };
    }

    /// <param name="rule">The rule.</param>
    /// <param name="listener">The program or service in words.</param>
    /// <param name="shortfall">What the rule lacks, as the rest of a sentence.</param>
    /// <param name="fix">How to add an exception; null when that is no way out.</param>
    public static Finding Narrow(FirewallRule rule, string listener, string shortfall, Fix? fix)
    {
        const string Change = "hange that rule in the firewall's advanced settings (wf.msc).";
        var finding = Overriding(FindingIds.FirewallExceptionNarrow, rule.Name, $"The rule '{rule.Name}' for {listener} {shortfall}.", $"C{Change}", Words(rule));
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
        reason with
        {
            Id = FindingIds.FirewallNotRead,
            Subject = Firewall,
            Evidence = reason.Evidence.Count > 0 ? reason.Evidence : ["the firewall (INetFwPolicy2) was asked for its profiles and rules"],
            Error = TeredoError.FirewallUnavailable,
        };

    public static Finding TeredoPort() => Warning(FindingIds.FirewallTeredoPort, Firewall,
        "No firewall rule allows UDP to the Teredo service's own port.", "Enable Windows' rule \"Core Networking - Teredo (UDP-In)\".", NoneOfTheRules);

    public static Finding Echo() => Warning(FindingIds.FirewallEcho, Firewall,
        "No firewall rule lets ICMPv6 Echo Requests in from a tunnel, so no peer can ping this machine. (\"File and Printer Sharing (Echo Request - "
        + "ICMPv6-In)\" has no edge traversal.)", "", NoneOfTheRules) with
    {
        Severity = FindingSeverity.Note,
        Fix = Command("netsh advfirewall firewall add rule name=TeredoEcho dir=in action=allow protocol=icmpv6:128,any edge=yes", "To be pinged, run `{0}` "
            + "from an elevated prompt; netsh advfirewall firewall delete rule name=TeredoEcho takes it back."),
    };

    /// <summary>A rule blocks what Teredo or IPv6 itself needs; a block beats every exception.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="traffic">What it blocks.</param>
    public static Finding BlocksSystem(FirewallRule rule, IReadOnlyList<string> traffic) => Warning(FindingIds.FirewallBlocksSystem, rule.Name,
        $"The rule '{rule.Name}' blocks {string.Join(", ", traffic)}, which {(traffic.Count > 1 ? "are" : "is")} needed for Teredo or IPv6, and a block overrides every exception.",
        "Disable that rule in the firewall's advanced settings (wf.msc).", Words(rule));

    /// <summary>A rule is there for the program, but the filters that the rules are turned into let nothing of a tunnel in to it.</summary>
    public static Finding NoPermitFilter() => Warning(FindingIds.FirewallNoPermitFilter, Firewall,
        "A rule lets strangers in to this program, but the filters of the edge-traversal sublayer block tunnels and have no permit for it.",
        "A new rule may take a while; another product may have removed the filter: look at its settings, or restart the service mpssvc.",
        "the filters of WFP (FWPM_SUBLAYER_EDGE_TRAVERSAL): a default block, and no permit for the program");

    public static Finding Icmpv6(IEnumerable<int> types) => Warning(FindingIds.FirewallIcmpv6, Firewall,
        $"No firewall rule that is in force lets the ICMPv6 types {string.Join(", ", types)} in from everywhere they come from; connections over IPv6 hang without them.",
        "Enable Windows' rules of the group \"Core Networking\" for ICMPv6.", NoneOfTheRules);

    public static Finding Protocol41() => Warning(FindingIds.FirewallProtocol41, Firewall,
        "A 6to4 or ISATAP address is in use, but no firewall rule allows protocol 41.", "Enable Windows' rule \"Core Networking - IPv6 (IPv6-In)\".",
        NoneOfTheRules);

    static string Words(FirewallRule rule) => $"the rule '{rule.Name}': {(rule.Enabled ? "enabled" : "disabled")}, direction {rule.Direction}, action {rule.Action}, protocol "
        + $"{rule.Protocol}, local ports {rule.LocalPorts ?? "any"}, profiles {rule.Profiles}, edge traversal {rule.EdgeTraversal}";

    /// <param name="command">The command.</param>
    /// <param name="sentence">The sentence of the fix, with {0} where the command stands.</param>
    static Fix Command(string command, string sentence) =>
        new() { Sentence = sentence.Replace("{0}", command, StringComparison.Ordinal), Command = command, NeedsAdministrator = true };

    static Finding Warning(string id, string subject, string problem, string step, params IReadOnlyList<string> read) => new()
    {
        Id = id,
        Severity = FindingSeverity.Warning,
        Subject = subject,
        Problem = problem,
        Evidence = read,
        Fix = new() { Sentence = step, NeedsAdministrator = true },
    };

    static Finding Overriding(string id, string subject, string problem, string step, string read) =>
        Warning(id, subject, problem, step, read) with { Severity = FindingSeverity.Error, Error = TeredoError.FirewallExceptionOverridden };

    static Finding Missing(string id, string subject, string problem, Fix? fix) => new()
    {
        Id = id,
        Severity = FindingSeverity.Error,
        Subject = subject,
        Problem = problem,
        Evidence = [NoneOfTheRules],
        Fix = fix,
        Error = TeredoError.FirewallExceptionMissing,
    };
}
