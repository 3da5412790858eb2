using System.Diagnostics;
using TeredoSdk.Architecture.Tests;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests.Kits;

/// <summary>The installer kits' folder, and the programs that check them.</summary>
static class Kit
{
    public static string Path(string file) => System.IO.Path.Combine(RepositoryRoot.Path, "examples", "Installer", file);

    /// <summary>Runs a Debian program to its end, and returns all that it wrote. The test is ignored where the program is missing.</summary>
    public static async Task<string> RunAsync(string package, string program, params string[] arguments)
    {
        if (!File.Exists(program))
            Assert.Ignore($"This needs {program} (package {package}).");
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().InTime();
        string all = await output + await errors;
        Assert.That(process.ExitCode, Is.Zero, all);
        return all;
    }
}
