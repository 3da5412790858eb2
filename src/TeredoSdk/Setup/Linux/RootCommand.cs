namespace TeredoSdk.Setup.Linux;

/// <summary>How this program is started a second time, as root: by sudo, which asks at the terminal, or by pkexec, which asks in a desktop's window.</summary>
static class RootCommand
{
    static readonly string[] Displays = ["WAYLAND_DISPLAY", "DISPLAY"];

    /// <summary>The start of the command line; the program's arguments follow.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="program">The executable of this process, or null.</param>
    /// <param name="hasTerminal">Whether sudo can ask there.</param>
    /// <param name="variable">Reads an environment variable, by which a desktop is known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TeredoException">
    /// Neither can ask (<see cref="TeredoError.AccessDenied"/>), or not only root can change the program (<see cref="TeredoError.InvalidProgram"/>).
    /// </exception>
    public static async Task<IReadOnlyList<string>> FindAsync(LinuxMachine machine, string? program, bool hasTerminal, Func<string, string?> variable,
        CancellationToken cancellationToken)
    {
        string? way = hasTerminal ? machine.Find("sudo") : null;
        way ??= Displays.Any(name => variable(name) is { Length: > 0 }) ? machine.Find("pkexec") : null;
        if (way is null)
            throw Denied(hasTerminal ? "Neither sudo nor, in a desktop, pkexec is there to ask for root's rights." : "There is no terminal at which sudo could ask.");
        string path = await ServiceProgram.ResolveAsync(machine, program ?? throw Denied("The executable of this process is not known."), cancellationToken)
            .ConfigureAwait(false);
        string? dotnetRoot = ServiceProgram.FindDotnetRoot(machine);
        await ServiceProgram.RequireRootsOwnAsync(machine, path, dotnetRoot, cancellationToken).ConfigureAwait(false);
        // Both leave the environment behind, in which .NET may be found.
        return dotnetRoot is null ? [way, path] : [way, machine.Find("env") ?? "/usr/bin/env", $"DOTNET_ROOT={dotnetRoot}", path];
    }

    static TeredoException Denied(string sentence) => new(TeredoError.AccessDenied, sentence);
}
