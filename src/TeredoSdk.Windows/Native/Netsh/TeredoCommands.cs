namespace TeredoSdk.Windows.Native.Netsh;

/// <summary>The netsh commands for Teredo, as argument lists. They never pass through a shell.</summary>
static class TeredoCommands
{
    static readonly Version Vista = new(6, 0);

    /// <summary>Installs IPv6 on Windows XP and Server 2003.</summary>
    public static IReadOnlyList<string> InstallIPv6 { get; } = ["interface", "ipv6", "install"];

    public static IReadOnlyList<string> Show(Version version) =>
        version < Vista ? ["interface", "ipv6", "show", "teredo"] : ["interface", "teredo", "show", "state"];

    /// <summary>Switches the client on. Where the system supports that, it works on any network.</summary>
    public static IReadOnlyList<string> Enable(Version version, string? server) =>
        version < Vista ? EnableXp(server) : Set(version, TeredoType.EnterpriseClient, server);

    /// <summary>The syntax of Windows XP, with arguments by position; later systems accept it, too.</summary>
    public static IReadOnlyList<string> EnableXp(string? server) =>
        ["interface", "ipv6", "set", "teredo", "client", .. server is null ? Array.Empty<string>() : [server]];

    /// <summary>Fixes the client's UDP port, because Windows XP does not tell it.</summary>
    public static IReadOnlyList<string> SetPortXp(int port) => ["interface", "ipv6", "set", "teredo", "type=client", $"clientport={port}"];

    public static IReadOnlyList<string> Set(Version version, TeredoType type, string? server)
    {
        string[] words = [$"type={Word(type)}", .. server is null ? Array.Empty<string>() : [$"servername={server}"]];
        return version < Vista ? ["interface", "ipv6", "set", "teredo", .. words] : ["interface", "teredo", "set", "state", .. words];
    }

    public static string Word(TeredoType type) => NetshTeredoState.Word(type);

    /// <summary>The program that configures services. Without its extension, the name means another command in PowerShell.</summary>
    public const string Sc = "sc.exe";

    /// <summary>
    /// The command line as a user types or pastes it. A server that a shell could misread is replaced by a placeholder: its name may come from the
    /// machine's settings.
    /// </summary>
    public static string Text(IReadOnlyList<string> arguments) => $"netsh {string.Join(' ', arguments.Select(Shown))}";

    static string Shown(string argument) => argument.All(c => char.IsAsciiLetterOrDigit(c) || "=.:-_".Contains(c))
        ? argument
        : $"{argument[..(argument.IndexOf('=', StringComparison.Ordinal) + 1)]}HOST";
}
