using System.Diagnostics;
using System.Threading.Channels;

namespace TeredoSdk.Documentation.Tests;

/// <summary>A program that a page shows, while it runs. It is ended at the latest when this is disposed.</summary>
sealed class RunningProgram : IDisposable
{
    readonly Process _process;
    readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    readonly List<string> _seen = [];
    readonly Task _reading;

    public RunningProgram(string program, IEnumerable<string> arguments, params (string Name, string? Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Pages.Root,
        };
        start.Environment.Remove(TeredoOptions.ServerVariable);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _reading = ReadAllAsync();
    }

    /// <summary>All that it has printed until now, both ways.</summary>
    public string Output
    {
        get
        {
            lock (_seen)
                return string.Join('\n', _seen);
        }
    }

    /// <summary>Waits for a line that contains this.</summary>
    public async Task<string> SeeAsync(string part)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync(limit.Token))
                if (line.Contains(part, StringComparison.Ordinal))
                    return line;
        }
        catch (OperationCanceledException)
        {
            // Said below.
        }
        throw new AssertionException($"No line contains '{part}':\n{Output}");
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(TimeSpan? limit = null)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit ?? Patience.Limit);
            await _reading.WaitAsync(Patience.Limit);
        }
        catch (TimeoutException)
        {
            throw new AssertionException($"It does not end:\n{Output}");
        }
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    async Task ReadAllAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
        _lines.Writer.Complete(); // who waits for a line waits no longer
    }

    async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_seen)
                _seen.Add(line);
            _lines.Writer.TryWrite(line);
        }
    }
}
