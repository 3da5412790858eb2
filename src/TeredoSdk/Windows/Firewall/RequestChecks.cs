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
        CheckName(request.Name);
        CheckPort(request.TcpPort, "TCP");
        CheckPort(request.UdpPort, "UDP");
        if (request.ProgramPath is { } path)
            CheckProgram(path, windows);
        else if (request.TcpPort is not null || request.UdpPort is not null)
            throw BadRule("A port is opened only for one program: name the program that listens at the port.");
        else if (!request.OpenTeredoPort)
            throw BadRule("The request asks for nothing: name a program, or ask for the Teredo port.");
    }

    /// <summary>Whether a rule for this program would apply to every .NET program of the machine.</summary>
    public static bool IsDotnetHost(string path) => path[(path.LastIndexOf('\\') + 1)..].Equals("dotnet.exe", StringComparison.OrdinalIgnoreCase);

    /// <summary>What the user should do instead of adding a rule for dotnet.exe.</summary>
    public const string DotnetAdvice = "a rule for dotnet.exe would open every .NET program of this machine: "
        + "start the application by its own executable (the apphost that `dotnet publish` makes) and name that executable";

    static void CheckName(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw BadRule("The application's name is empty: give the name that the firewall's settings should show.");
        if (name.Contains('|', StringComparison.Ordinal))
            throw BadRule($"The name '{name}' contains '|', which the firewall does not allow in names: leave it out.");
        if (name.Equals("all", StringComparison.OrdinalIgnoreCase))
            throw BadRule("The name 'all' means all rules to the firewall: choose another name.");
    }

    static void CheckPort(int? port, string protocol)
    {
        if (port is < 1 or > ushort.MaxValue)
            throw BadRule($"{port} is not a {protocol} port: give a number of 1 to {ushort.MaxValue}.");
    }

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

    static TeredoException BadRule(string sentence) => new(TeredoError.InvalidFirewallRule, sentence);

    static TeredoException BadProgram(string path, string why) => new(TeredoError.InvalidProgram, $"The program '{path}' {why}.");
}
