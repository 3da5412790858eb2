using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Repetition;

/// <summary>The checkout, and programs that run in it.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The commit, with a plus when something is changed since.</summary>
    public static async Task<string> CommitAsync()
    {
        var (hash, changes) = (new StringWriter(), new StringWriter());
        await RunAsync("git", ["rev-parse", "--short=10", "HEAD"], hash);
        await RunAsync("git", ["status", "--porcelain"], changes);
        return hash.ToString().Trim() + (changes.ToString().Trim().Length > 0 ? "+" : "");
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="output">Takes its standard output.</param>
    /// <param name="seed">The seed of property tests; null for the fixed one.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string program, string[] arguments, TextWriter output, int? seed = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true };
        if (seed is { } number)
            start.Environment["TEREDOSDK_SEED"] = number.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        await output.WriteAsync(await process.StandardOutput.ReadToEndAsync());
        await errors;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TeredoSdk.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("This runs inside a checkout only.");
        return folder.FullName;
    }
}
