using System.Globalization;
using System.Runtime.InteropServices;

namespace TeredoSdk.Setup.Linux;

/// <summary>Checks the program that a service shall run: whoever can change it is as mighty as the service, and as the root who set it up.</summary>
static class ServiceProgram
{
    static readonly string[] HiddenFolders = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"]; // ProtectHome=, PrivateTmp=
    static readonly string[] DotnetFolders = ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet"]; // where programs look for .NET by themselves
    static readonly string[] CodeEndings = [".dll", ".so", ".json"];

    // Deeper than a program's own files lie; a folder may hold a link to itself, as Debian's /usr/bin does (X11).
    static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, MaxRecursionDepth = 8, IgnoreInaccessible = false, AttributesToSkip = 0 };

    const string Remedy = "Install teredo where only root may write, for example with: sudo dotnet tool install TeredoSdk.Cli --tool-path /usr/local/lib/teredo";

    /// <summary>The program that a service shall run, without links, after all checks.</summary>
    /// <exception cref="TeredoException">It does not exist, runs any program, or somebody but root can change it or what it loads.</exception>
    public static async Task<string> CheckAsync(LinuxMachine machine, string program, string? dotnetRoot, CancellationToken cancellationToken)
    {
        string path = await ResolveAsync(machine, program, cancellationToken).ConfigureAwait(false);
        if (HiddenFolders.FirstOrDefault(folder => path.StartsWith(folder, StringComparison.Ordinal)) is { } hidden)
            throw Invalid($"A service does not see {path}, because {hidden} is closed to it. {Remedy}");
        await RequireRootsOwnAsync(machine, path, dotnetRoot, cancellationToken).ConfigureAwait(false);
        return path;
    }

    /// <summary>The program, without links.</summary>
    /// <exception cref="TeredoException">It does not exist, or runs any program.</exception>
    public static async Task<string> ResolveAsync(LinuxMachine machine, string program, CancellationToken cancellationToken)
    {
        string path = (await machine.RunAsync("readlink", ["-f", program], cancellationToken).ConfigureAwait(false)).Output.TrimEnd('\n');
        if (path.Length == 0 || !File.Exists(machine.At(path)))
            throw Invalid($"The program {program} does not exist. Give the full path of the program teredo.");
        if (Path.GetFileName(path) is "dotnet")
            throw Invalid($"{program} runs every .NET program. Give the full path of the program teredo itself.");
        return path;
    }

    /// <exception cref="TeredoException">Somebody but root can change the program, what it loads, or a folder above.</exception>
    public static async Task RequireRootsOwnAsync(LinuxMachine machine, string path, string? dotnetRoot, CancellationToken cancellationToken)
    {
        SortedSet<string> parts = new(StringComparer.Ordinal);
        AddWithFolders(parts, path);
        string folder = Path.GetDirectoryName(path)!;
        try
        {
            foreach (string file in Directory.EnumerateFiles(machine.At(folder), "*", Below))
            {
                if (CodeEndings.Contains(Path.GetExtension(file)))
                    AddWithFolders(parts, file[machine.At("").Length..]);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw Invalid($"It can't be read who may change {path}: {e.Message}");
        }
        if (dotnetRoot is not null)
            AddWithFolders(parts, dotnetRoot);
        foreach (string[] some in parts.Chunk(500))
        {
            var states = await machine.RunAsync("stat", ["-L", "-c", "%u %g %a %n", "--", .. some], cancellationToken).ConfigureAwait(false);
            if (states.ExitCode != 0)
                throw Invalid($"It can't be read who may change {path}: {states.Complaint}.");
            if (states.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(IsOthers) is { } others)
                throw Invalid($"Not only root can change {others.Split(' ', 4)[3]}, which would run as root, or as a service. {Remedy}");
        }
    }

    /// <summary>Where the .NET of this process is, when programs do not find it by themselves; null also for programs with a .NET of their own.</summary>
    public static string? FindDotnetRoot(LinuxMachine machine) =>
        FindDotnetRoot(machine, Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")));

    internal static string? FindDotnetRoot(LinuxMachine machine, string root)
    {
        bool isFound = DotnetFolders.Contains(root) || machine.ReadFile("/etc/dotnet/install_location")?.Split('\n').Contains(root) == true;
        return isFound || !File.Exists(Path.Combine(root, "dotnet")) ? null : root;
    }

    static void AddWithFolders(SortedSet<string> parts, string path)
    {
        for (string? part = path; part is not null && parts.Add(part);)
            part = Path.GetDirectoryName(part);
    }

    // Another owner than root; or others may write; or a group that is not root's. In a sticky folder nobody can replace what is another's.
    static bool IsOthers(string state)
    {
        string[] fields = state.Split(' ', 4);
        int mode = Convert.ToInt32(fields[2], 8);
        const int sticky = 0b1_000_000_000, groupWrites = 0b010_000, othersWrite = 0b010;
        bool writes = (mode & othersWrite) != 0 || ((mode & groupWrites) != 0 && int.Parse(fields[1], CultureInfo.InvariantCulture) != 0);
        return fields[0] != "0" || (writes && (mode & sticky) == 0);
    }

    static TeredoException Invalid(string sentence) => new(TeredoError.InvalidProgram, sentence);
}
