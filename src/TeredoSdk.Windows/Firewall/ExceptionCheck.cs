using System.Globalization;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>Checks whether the firewall currently lets kinds of traffic in.</summary>
static class ExceptionCheck
{
    static readonly FirewallProtocol[] Protocols = [FirewallProtocol.Tcp, FirewallProtocol.Udp];

    /// <summary>Traffic from peers to a program.</summary>
    public static Traffic To(string path, FirewallProtocol protocol, int? port, EdgeTraversal wanted) =>
        new(protocol, port is { } number ? [Text(number)] : []) { ProgramPath = path, IsTunneled = wanted != EdgeTraversal.Deny };

    /// <summary>Traffic from servers and peers to the Teredo client.</summary>
    public static Traffic ToTeredo(IWindowsSystem windows)
    {
        var port = windows.ReadTeredoPort();
        string[] names = [ExceptionRules.TeredoPort, .. port.IsKnown ? [Text(port.Value)] : Array.Empty<string>()];
        return new(FirewallProtocol.Udp, names) { ServiceName = ExceptionRules.TeredoService };
    }

    /// <summary>Checks whether all of the given traffic gets in.</summary>
    public static FirewallExceptionCheck OfAll(IWindowsFirewall firewall, IReadOnlyList<Traffic> traffic, string advice) =>
        With(firewall, policy =>
        {
            FirewallExceptionCheck[] checks = [.. traffic.Select(each => Explain(policy.Judge(each, advice), each))];
            return checks.FirstOrDefault(check => check.State != FirewallExceptionState.InForce)
                ?? new() { State = FirewallExceptionState.InForce, Rules = Rules(checks) };
        });

    /// <summary>Checks whether at least some traffic from peers to a program gets in.</summary>
    public static FirewallExceptionCheck OfAny(IWindowsFirewall firewall, string path) => With(firewall, policy =>
    {
        string advice = SetupCommandLine.Advice(new() { Name = Title(path), ProgramPath = path });
        FirewallExceptionCheck[] checks = [.. Protocols
            .Select(protocol => To(path, protocol, null, EdgeTraversal.DeferToApp) with { IsAnyPortEnough = true })
            .Select(each => Explain(policy.Judge(each, advice), each))];
        FirewallExceptionCheck[] open = [.. checks.Where(check => check.State == FirewallExceptionState.InForce)];
        return open.Length > 0 ? new() { State = FirewallExceptionState.InForce, Rules = Rules(open) }
            : checks.FirstOrDefault(check => check.State == FirewallExceptionState.Overridden) ?? checks[0];
    });

    static FirewallExceptionCheck With(IWindowsFirewall firewall, Func<EffectivePolicy, FirewallExceptionCheck> judge)
    {
        var status = firewall.ReadStatus();
        if (!status.IsKnown)
            return NotKnown(status.Reason!);
        var rules = RuleStore.Of(firewall).Read();
        if (!rules.IsKnown)
            return NotKnown(rules.Reason!);
        var policy = new EffectivePolicy(status.Value, rules.Value);
        return policy.Overruled() ?? judge(policy);
    }

    // An exception for dotnet.exe would be bad advice, so the problem says what to do instead.
    static FirewallExceptionCheck Explain(FirewallExceptionCheck check, Traffic traffic) =>
        check.State == FirewallExceptionState.Missing && traffic.ProgramPath is { } path && RequestChecks.IsDotnetHost(path)
            ? check with
            {
                Error = TeredoError.InvalidProgram,
                Problem = $"The firewall has no exception for '{path}', and {RequestChecks.DotnetAdvice}.",
            }
            : check;

    static FirewallExceptionCheck NotKnown(string reason) => new()
    {
        State = FirewallExceptionState.NotKnown,
        Error = TeredoError.FirewallUnavailable,
        Problem = reason,
    };

    static FirewallRule[] Rules(IEnumerable<FirewallExceptionCheck> checks) => [.. checks.SelectMany(check => check.Rules).Distinct()];

    static string Title(string path)
    {
        string file = path[(path.LastIndexOf('\\') + 1)..];
        return file.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? file[..^4] : file;
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
