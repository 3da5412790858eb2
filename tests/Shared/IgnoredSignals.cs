using System.Diagnostics;

namespace TeredoSdk.Tests.Shared;

/// <summary>Which signals a program ignores whose starter ignores some, as a shell's background job does.</summary>
static class IgnoredSignals
{
    /// <summary>What there is when none is ignored.</summary>
    public const string None = "SigIgn:\t0000000000000000";

    /// <summary>The arguments of the program grep that make it print what it ignores.</summary>
    public static readonly string[] Question = ["SigIgn", "/proc/self/status"];

    /// <summary>Starts the program by a shell that ignores SIGHUP, SIGINT, SIGQUIT and SIGTERM.</summary>
    public static async Task<string> OfAsync(ProcessStartInfo start)
    {
        var starter = new ProcessStartInfo("sh", ["-c", "trap '' HUP INT QUIT TERM; exec \"$@\"", "sh", start.FileName, .. start.ArgumentList])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = start.WorkingDirectory,
        };
        starter.Environment.Clear();
        foreach (var (name, value) in start.Environment)
            starter.Environment[name] = value;
        using var process = Process.Start(starter)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Trim();
    }
}
