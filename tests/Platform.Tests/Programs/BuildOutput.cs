using System.Runtime.InteropServices;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>The programs of this repository, built beside the tests, where every user may run them.</summary>
static class BuildOutput
{
    /// <summary>Where they are while the tests run.</summary>
    public static string Programs { get; } = Path.Combine(Path.GetTempPath(), $"{Network.Leftovers.Prefix}{Environment.ProcessId}-programs");
    static readonly Lock Copying = new();

    /// <summary>Where the runtime of these tests is, for programs that look for theirs.</summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The executable of a project, copied once in a run out of folders that an unprivileged user may not enter.</summary>
    /// <param name="project">The project's folder, from the root: <c>examples/Chat</c>.</param>
    /// <param name="assembly">The name of its assembly; null: the folder's name.</param>
    public static string Executable(string project, string? assembly = null)
    {
        assembly ??= Path.GetFileName(project);
        string copy = Path.Combine(Programs, assembly);
        lock (Copying)
        {
            if (!Directory.Exists(copy))
                Copy(BuiltFolder(project, assembly), copy);
        }
        return Path.Combine(copy, assembly);
    }

    /// <summary>The program of a project that is built for Windows. Wine runs it where it is.</summary>
    public static string WindowsProgram(string project, string assembly)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        string program = Path.Combine(Root, project, "bin", own.Parent!.Name, own.Name, "win-x64", $"{assembly}.exe");
        return File.Exists(program) ? program : throw new FileNotFoundException($"It is not built: {program}.");
    }

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TeredoSdk.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("This runs inside a checkout only.");
        return folder.FullName;
    }

    /// <summary>Where programs are built that tests publish.</summary>
    public static string Artifacts => $"{Programs}-artifacts";

    /// <summary>Removes the copies.</summary>
    public static void RemoveCopies()
    {
        foreach (string folder in new[] { Programs, Artifacts })
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
    }

    // These tests are in tests/Platform.Tests/bin/CONFIGURATION/FRAMEWORK, the program in PROJECT/bin/CONFIGURATION/FRAMEWORK.
    static string BuiltFolder(string project, string assembly)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        string folder = Path.Combine(Root, project, "bin", own.Parent!.Name, own.Name);
        return File.Exists(Path.Combine(folder, assembly))
            ? folder
            : throw new FileNotFoundException($"{assembly} is not built: expected in {folder}.");
    }

    static void Copy(string from, string to)
    {
        const UnixFileMode executable = (UnixFileMode)0b111_101_101;
        Directory.CreateDirectory(Programs, executable);
        Directory.CreateDirectory(to, executable);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)), executable);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, executable);
        }
    }
}
