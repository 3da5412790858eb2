using System.Buffers;

namespace TeredoSdk.Windows.Firewall;

/// <summary>Refuses requests that Windows would refuse, or that would open more than intended.</summary>
/// <remarks>Source: [MS-FASP] 2.2.37.</remarks>
static class RequestChecks
{
    const int MaxPath = 260;
    static readonly SearchValues<char> NotInPaths = SearchValues.Create("/*?\"<>|");

    /// <exception cref="TeredoException"><see cref="TeredoError.InvalidFirewallRule"/> or <see cref="TeredoError.InvalidProgram"/>.</exception>
    public static void Check(FirewallExceptionRequest request, IWindowsSystem windows)
    {
        request.Validate();
        if (request.ProgramPath is { } path)
            CheckProgram(path, windows);
    }

    /// <summary>Whether a rule for this program would apply to every .NET program of the machine.</summary>
    public static bool IsDotnetHost(string path) => path[(path.LastIndexOf('\\') + 1)..].Equals("dotnet.exe", StringComparison.OrdinalIgnoreCase);

    /// <summary>What the user should do instead of adding a rule for dotnet.exe.</summary>
    public const string DotnetAdvice = "a rule for dotnet.exe would open every .NET program of this machine: "
        + "start the application by its own executable (the apphost that `dotnet publish` makes) and name that executable";

    static void CheckProgram(string path, IWindowsSystem windows)
    {
        string full = RuleComparison.Expand(path);
        if (path.AsSpan().ContainsAny(NotInPaths))
            throw BadProgram(path, "has a character that the firewall does not allow (/ * ? \" < > |): give the plain path with backslashes");
        if (!IsFullPath(full))
            throw BadProgram(path, @"is not a full path: give a path such as C:\Program Files\App\App.exe");
        if (Math.Max(path.Length, full.Length) >= MaxPath)
            throw BadProgram(path, $"is longer than the {MaxPath - 1} characters that the firewall allows: install it in another folder");
        if (IsDotnetHost(full))
            throw BadProgram(path, $"can't be used, because {DotnetAdvice}");
        if (!windows.FileExists(full))
            throw BadProgram(path, "does not exist: install the program first, or correct the path");
    }

    // Checks by Windows' rules on any system: the path starts with a drive or a share.
    static bool IsFullPath(string path) =>
        (path.Length > 3 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] == '\\')
        || (path.StartsWith(@"\\", StringComparison.Ordinal) && path.LastIndexOf('\\') > 2);

    static TeredoException BadProgram(string path, string why) => new(TeredoError.InvalidProgram, $"The program '{path}' {why}.");
}
