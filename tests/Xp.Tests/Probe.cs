using System.Diagnostics;

namespace TeredoSdk.Xp.Tests;

/// <summary>The net40 program of tests/Xp.Probe, run by mono.</summary>
static class Probe
{
    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    /// <summary>The folder with the program and the library. These tests are in tests/Xp.Tests/bin/CONFIGURATION/FRAMEWORK.</summary>
    public static string Folder { get; } =
        Path.Combine(Root, "tests", "Xp.Probe", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net40");

    /// <summary>Runs a scenario and returns what it printed, line by line.</summary>
    /// <param name="arguments">The scenario's name, and what it is given. See <c>Program</c> of the probe.</param>
    public static string[] Run(params string[] arguments) => RunWith("", arguments);

    /// <summary>The same, words apart by spaces.</summary>
    public static string[] Play(string scenario) => Run(scenario.Split(' '));

    /// <summary>The same, with what it reads from its standard input.</summary>
    public static string[] RunWith(string input, params string[] arguments)
    {
        Requirements.CheckMono();
        var start = new ProcessStartInfo("mono", [Path.Combine(Folder, "xp-probe.exe"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LANG"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        using var timer = new Timer(_ => process.Kill(), null, Patience.Limit, Timeout.InfiniteTimeSpan);
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"{string.Join(' ', arguments)}\n{output}{errors.Result}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
