using System.Diagnostics;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>Runs the short scripts that set the lab up; each must end with 0 within a time.</summary>
static class Shell
{
    static int _scripts;

    /// <summary>How many scripts were run until now.</summary>
    public static int Scripts => Volatile.Read(ref _scripts);

    /// <summary>Runs a script by /bin/sh, in a namespace when one is given, and returns what it printed.</summary>
    public static async Task<string> RunAsync(string script, NetworkNamespace? within = null, TimeSpan? limit = null)
    {
        var atMost = limit ?? Patience.Limit;
        Interlocked.Increment(ref _scripts);
        var start = new ProcessStartInfo("/bin/sh", ["-e", "-s"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = within is null ? Process.Start(start)! : within.Run(() => Process.Start(start)!);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(atMost);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"A script of the lab took more than {atMost.TotalSeconds} s:\n{script}");
        }
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"A script of the lab ended with {process.ExitCode}: {await errors}\n{script}");
        return await output;
    }
}
