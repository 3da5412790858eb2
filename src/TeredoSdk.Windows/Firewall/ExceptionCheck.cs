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
    public static FirewallExceptionCheck OfAll(FirewallView firewall, IReadOnlyList<Traffic> traffic, Fix? fix) =>
        With(firewall, policy =>
        {
            FirewallExceptionCheck[] checks = [.. traffic.Select(each => policy.Judge(each, fix))];
            return checks.FirstOrDefault(check => check.LetsIn != true) ?? new() { LetsIn = true, Rules = Rules(checks) };
        });

    /// <summary>Checks for each port of a program whether traffic from peers gets in. A result is about its port.</summary>
    public static IReadOnlyList<FirewallExceptionCheck> OfEach(FirewallView firewall, string path, IReadOnlyList<ListenPort> ports)
    {
        var all = Read(firewall, out var policy);
        return [.. ports.Select(port => all ?? About(port, policy!.Judge(
            To(path, port.Protocol, port.Port, EdgeTraversal.DeferToApp), FirewallAdvice.ToAdd(Request(path, port)))))];
    }

    /// <summary>The exception that a port of a program needs.</summary>
    public static FirewallExceptionRequest Request(string path, ListenPort port) => new()
    {
        Name = Title(path),
        ProgramPath = path,
        TcpPort = port.Protocol == FirewallProtocol.Tcp ? port.Port : null,
        UdpPort = port.Protocol == FirewallProtocol.Udp ? port.Port : null,
    };

    /// <summary>Checks whether at least some traffic from peers to a program gets in.</summary>
    public static FirewallExceptionCheck OfAny(FirewallView firewall, string path) => With(firewall, policy =>
    {
        var fix = FirewallAdvice.ToAdd(new() { Name = Title(path), ProgramPath = path });
        FirewallExceptionCheck[] checks = [.. Protocols
            .Select(protocol => To(path, protocol, null, EdgeTraversal.DeferToApp) with { IsAnyPortEnough = true })
            .Select(each => policy.Judge(each, fix))];
        FirewallExceptionCheck[] open = [.. checks.Where(check => check.LetsIn == true)];
        return open.Length > 0 ? new() { LetsIn = true, Rules = Rules(open) }
            : checks.FirstOrDefault(check => check.Rules.Count > 0) ?? checks[0]; // a rule that overrides or falls short says most
    });

    /// <summary>Checks as <see cref="OfAny"/> does; without a program, nothing is known.</summary>
    public static FirewallExceptionCheck OfProgram(FirewallView firewall, string? path) => path is not null ? OfAny(firewall, path)
        : new() { LetsIn = null, Finding = FirewallFindings.ProgramNotKnown() };

    static FirewallExceptionCheck About(ListenPort port, FirewallExceptionCheck check) =>
        check.Finding is { } finding ? check with { Finding = finding with { Subject = port.ToString() } } : check;

    static FirewallExceptionCheck With(FirewallView firewall, Func<EffectivePolicy, FirewallExceptionCheck> judge) =>
        Read(firewall, out var policy) ?? judge(policy!);

    // Returns what holds for all traffic; null when the rules decide.
    static FirewallExceptionCheck? Read(FirewallView firewall, out EffectivePolicy? policy)
    {
        policy = null;
        if ((firewall.Status.Finding ?? firewall.Rules.Finding) is { } reason)
            return NotKnown(reason);
        policy = new EffectivePolicy(firewall.Status.Value, firewall.Rules.Value);
        return policy.Overruled();
    }

    static FirewallExceptionCheck NotKnown(Finding reason) => new() { LetsIn = null, Finding = FirewallFindings.NotRead(reason) };

    static FirewallRule[] Rules(IEnumerable<FirewallExceptionCheck> checks) => [.. checks.SelectMany(check => check.Rules).Distinct()];

    static string Title(string path)
    {
        string file = path[(path.LastIndexOf('\\') + 1)..];
        return file.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? file[..^4] : file;
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
