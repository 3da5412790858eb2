using System.CommandLine;

namespace TeredoSdk.Cli;

/// <summary>The option <c>--app</c> of the commands that only look.</summary>
sealed class ProgramOption : Option<string?>
{
    public ProgramOption() : base("--app") =>
        (Description, HelpName) = ("On Windows: the program whose firewall exception is judged.", "PATH");

    /// <summary>The full path of the program; null when none is named.</summary>
    /// <exception cref="BadArgumentsException">It is no path.</exception>
    public string? Read(ParseResult arguments) => arguments.GetValue(this) is not { } path ? null
        : string.IsNullOrWhiteSpace(path) || path.Contains('\0') ? throw new BadArgumentsException($"--app is '{path}'; expected the path of a program.")
        : Path.GetFullPath(path);
}
