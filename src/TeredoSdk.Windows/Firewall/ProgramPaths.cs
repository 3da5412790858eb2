namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// The paths of programs as the firewall knows them. It compares the file that runs, so a rule that names a junction or a short name need not match.
/// Older rules and records name such paths: they are of the program when both lead to one file.
/// </summary>
static class ProgramPaths
{
    /// <summary>The path for a rule: variables replaced, and as the system itself names the file.</summary>
    public static string Of(IWindowsSystem windows, string path) => windows.FinalPathOf(RuleComparison.Expand(path));

    /// <summary>Whether two paths name one program.</summary>
    public static bool AreSame(IWindowsSystem windows, string one, string other) =>
        RuleComparison.SamePath(one, other) || RuleComparison.SamePath(Of(windows, one), Of(windows, other));
}
