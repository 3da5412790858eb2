using System.Security.Cryptography;
using System.Text;

namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// Tells the rules of an application from those of others. An application is a name and a program: two programs may have one name. The first of them has
/// rules of that name; each further one has the digest of its path in its rules' names.
/// </summary>
/// <param name="windows">The system, which knows what paths lead to.</param>
/// <param name="name">The application's name.</param>
/// <param name="program">The path of its program.</param>
/// <param name="rules">All rules.</param>
/// <param name="taken">The names of the rules in the records of other applications; null for none.</param>
sealed class ApplicationRules(IWindowsSystem windows, string name, string program, IReadOnlyList<FirewallRule> rules, IEnumerable<string>? taken = null)
{
    readonly HashSet<string> _taken = new(taken ?? [], StringComparer.OrdinalIgnoreCase);
    readonly FirewallRule[] _named = [.. rules.Where(rule => ExceptionRules.IsOwn(rule, name))];
    readonly string _distinct = DistinctName(name, PathOf(windows, program));

    /// <summary>The application's name in its rules.</summary>
    public string Title => HasOthers || ExceptionRules.Names(name).Any(_taken.Contains) ? _distinct
        : !_named.Any(IsOfProgram) && rules.Any(rule => ExceptionRules.IsOwn(rule, _distinct)) ? _distinct : name;

    // Whether another program has rules of the plain name.
    bool HasOthers => _named.Any(rule => rule.ProgramPath is not null && !IsOfProgram(rule));

    /// <summary>
    /// Whether a rule is the application's own. A rule for the Teredo port names no program: it goes with the program that has rules of its name.
    /// </summary>
    public bool Owns(FirewallRule rule) => rule.ProgramPath is not null
        ? IsOfProgram(rule) && (ExceptionRules.IsOwn(rule, name) || ExceptionRules.IsOwn(rule, _distinct)) : OwnsWithoutProgram(rule);

    /// <inheritdoc cref="Owns"/>
    public bool OwnsWithoutProgram(FirewallRule rule) => rule.ProgramPath is null
        && (ExceptionRules.IsOwn(rule, _distinct) || (ExceptionRules.IsOwn(rule, name) && !HasOthers && !_taken.Contains(rule.Name)));

    /// <summary>The name of an application in the rules and the records of a second program of one name.</summary>
    public static string DistinctName(string name, string program) => $"{name} [{Digest(program)}]";

    /// <summary>A short digest of a program's path, the same for each way to write the path.</summary>
    public static string Digest(string program) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RuleComparison.Expand(program).ToUpperInvariant())).AsSpan(0, 4));

    /// <summary>
    /// The path of a program for a rule: variables replaced, and as the system itself names the file. The firewall compares the file that runs, so a rule
    /// that names a junction or a short name need not match.
    /// </summary>
    public static string PathOf(IWindowsSystem windows, string program) => windows.FinalPathOf(RuleComparison.Expand(program));

    /// <summary>Whether two paths lead to one program. Those of older rules and records may have junctions and short names.</summary>
    public static bool AreSame(IWindowsSystem windows, string one, string other) =>
        RuleComparison.SamePath(one, other) || RuleComparison.SamePath(PathOf(windows, one), PathOf(windows, other));

    bool IsOfProgram(FirewallRule rule) => rule.ProgramPath is { } path && AreSame(windows, path, program);
}
