using System.Buffers;
using System.Collections.Frozen;

namespace TeredoSdk.Windows.Firewall;

/// <summary>Refuses requests that Windows would refuse, or that would open more than intended.</summary>
/// <remarks>Source: [MS-FASP] 2.2.37.</remarks>
static class RequestChecks
{
    const int MaxPath = 260;
    static readonly SearchValues<char> NotInPaths = SearchValues.Create("/*?\"<>|");

    static readonly FrozenSet<string> Hosts = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "bash.exe", "bun.exe", "cmd.exe", "conhost.exe", "cscript.exe", "deno.exe", "dllhost.exe", "dotnet.exe", "java.exe", "javaw.exe", "msiexec.exe", "mshta.exe",
        "node.exe", "perl.exe", "php.exe", "powershell.exe", "powershell_ise.exe", "pwsh.exe", "py.exe", "python.exe", "python3.exe", "pythonw.exe", "pyw.exe",
        "regsvr32.exe", "ruby.exe", "rubyw.exe", "rundll32.exe", "svchost.exe", "wscript.exe", "wsl.exe");

    /// <exception cref="TeredoException"><see cref="TeredoError.InvalidFirewallRule"/> or <see cref="TeredoError.InvalidProgram"/>.</exception>
    public static void Check(FirewallExceptionRequest request, IWindowsSystem windows)
    {
        request.Validate();
        if (request.ProgramPath is { } path)
            CheckProgram(path, windows);
    }

    /// <summary>Whether a program runs other programs, services or scripts, so that a rule for it would apply to all of them.</summary>
    public static bool IsHost(string path) => Hosts.Contains(FileOf(path));

    /// <summary>What the user should do instead of adding a rule for such a program.</summary>
    public static string HostAdvice(string path) => FileOf(path) is var file && file.Equals("dotnet.exe", StringComparison.OrdinalIgnoreCase)
        ? "a rule for dotnet.exe would open every .NET program of this machine: "
            + "start the application by its own executable (the apphost that `dotnet publish` makes) and name that executable"
        : $"a rule for {file} would open all that it runs on this machine: give the application an executable of its own and name that executable";

    /// <summary>Why an application's name can't be used, as the rest of a sentence that begins with the name and "is"; null when it can.</summary>
    public static string? NameProblem(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return "empty: give the name that people should see in the firewall";
        if (name.Equals("all", StringComparison.OrdinalIgnoreCase))
            return "what the firewall takes for all rules: choose another name";
        return name.Contains('|') || name.Any(char.IsControl) || !IsWellFormed(name)
            ? "not possible with '|', control characters or half characters (lone surrogates), which the firewall or the record does not take: leave them out" : null;
    }

    // Half a pair of surrogates is no character: it can't be written as UTF-8, for example into a record.
    static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
                return false;
        return true;
    }

    static string FileOf(string path) => path[(path.LastIndexOf('\\') + 1)..];

    static void CheckProgram(string path, IWindowsSystem windows)
    {
        string full = RuleComparison.Expand(path);
        if (full.AsSpan().ContainsAny(NotInPaths) || full.Any(char.IsControl) || !IsWellFormed(full))
            throw BadProgram(path, "has a character that the firewall does not allow (/ * ? \" < > |, control characters, lone surrogates): give the plain "
                + "path with backslashes");
        if (!IsFullPath(full))
            throw BadProgram(path, @"is not a full path: give a path such as C:\Program Files\App\App.exe");
        string final = windows.FinalPathOf(full);
        if (Math.Max(path.Length, Math.Max(full.Length, final.Length)) >= MaxPath)
            throw BadProgram(path, $"is longer than the {MaxPath - 1} characters that the firewall allows: install it in another folder");
        if (IsHost(full) || IsHost(final))
            throw BadProgram(path, $"can't be used, because {HostAdvice(IsHost(full) ? full : final)}");
        if (!windows.FileExists(final))
            throw BadProgram(path, "does not exist: install the program first, or correct the path");
    }

    // Checks by Windows' rules on any system: the path starts with a drive or a share.
    static bool IsFullPath(string path) =>
        (path.Length > 3 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] == '\\')
        || (path.StartsWith(@"\\", StringComparison.Ordinal) && path.LastIndexOf('\\') > 2);

    static TeredoException BadProgram(string path, string why) => new(TeredoError.InvalidProgram, $"The program '{path}' {why}.");
}
