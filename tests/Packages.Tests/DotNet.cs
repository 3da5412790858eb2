using System.Diagnostics;

namespace TeredoSdk.Packages.Tests;

/// <summary>Programs that a test runs to their end.</summary>
static class DotNet
{
    /// <summary>Runs a program, which has to succeed, and returns what it printed on stdout.</summary>
    public static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = ProgramStart.Of(program, arguments);
        (start.WorkingDirectory, start.RedirectStandardOutput, start.RedirectStandardError) = (folder, true, true);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience.LongLimit);
        Assert.That(process.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{await output}{await errors}");
        return await output;
    }
}
