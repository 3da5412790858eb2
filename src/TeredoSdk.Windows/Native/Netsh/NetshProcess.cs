using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Netsh;

/// <summary>Runs netsh from the system folder, without a shell, a window or input.</summary>
[SupportedOSPlatform("windows")]
static class NetshProcess
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static async Task<Reading<NetshOutput>> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string program = Path.Combine(Environment.SystemDirectory, "netsh.exe");
        using var netsh = new Process { StartInfo = StartInfo(program, arguments) };
        try
        {
            netsh.Start();
        }
        catch (Win32Exception e)
        {
            return Reading.Unknown<NetshOutput>(NativeCall.Failed(program, e.NativeErrorCode, "netsh can't be used"));
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            return Reading.Of(await ReadAsync(netsh, limit.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            Kill(netsh);
            cancellationToken.ThrowIfCancellationRequested();
            return Reading.Unknown<NetshOutput>($"netsh {string.Join(' ', arguments)} did not end within {Timeout.TotalSeconds:0} s and was killed.");
        }
    }

    static ProcessStartInfo StartInfo(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Environment.SystemDirectory,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    static async Task<NetshOutput> ReadAsync(Process netsh, CancellationToken cancellationToken)
    {
        netsh.StandardInput.Close();
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        // Both are read at once: a program blocks when its pipe is full.
        await Task.WhenAll(
            netsh.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken),
            netsh.StandardError.BaseStream.CopyToAsync(errors, cancellationToken)).ConfigureAwait(false);
        await netsh.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return new() { ExitCode = netsh.ExitCode, Text = Text(output) + Text(errors) };
    }

    static string Text(MemoryStream written) => OemText.Decode(written.ToArray(), OemText.DecodeByOemPage);

    static void Kill(Process netsh)
    {
        try
        {
            netsh.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // The process has just ended by itself.
        }
    }
}
