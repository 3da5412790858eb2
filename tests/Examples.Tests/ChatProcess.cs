using System.Diagnostics;
using System.Threading.Channels;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>A chat in a process of its own.</summary>
sealed class ChatProcess : IDisposable
{
    readonly Process _process;
    readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    readonly List<string> _seen = [];
    readonly Task _reading;
    readonly Task<string> _errors;

    public ChatProcess(params string[] arguments) : this("dotnet", [Chat, .. arguments])
    {
    }

    ChatProcess(string program, IEnumerable<string> arguments)
    {
        var start = ProgramStart.Of(program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment.Remove(TeredoOptions.ServerVariable);
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    static string Chat => Path.Combine(AppContext.BaseDirectory, "Chat.dll");

    /// <summary>Another example.</summary>
    public static ChatProcess Of(string example, params string[] arguments) =>
        new("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{example}.dll"), .. arguments]);

    /// <summary>A chat that another program starts.</summary>
    public static ChatProcess Under(string program, params string[] arguments) => new(program, [.. arguments, "dotnet", Chat]);

    public void Type(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>The next line of its screen that begins like this.</summary>
    public async Task<string> SeeAsync(string beginning)
    {
        try
        {
            while (true)
            {
                string line = await _lines.Reader.ReadAsync().InTime();
                _seen.Add(line);
                if (line.StartsWith(beginning, StringComparison.Ordinal))
                    return line;
            }
        }
        catch (Exception e) when (e is TimeoutException or ChannelClosedException)
        {
            string errors = _process.HasExited ? await _errors : "";
            throw new AssertionException($"No line began with '{beginning}':\n{string.Join('\n', _seen)}\n{errors}");
        }
    }

    /// <summary>Ends its input and waits until it exits.</summary>
    public Task<(int ExitCode, string Output, string Errors)> FinishAsync()
    {
        _process.StandardInput.Close();
        return WaitAsync();
    }

    /// <summary>Presses Ctrl-C and waits until it exits.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        return await WaitAsync();
    }

    /// <summary>Ends it without a word, as when its machine fails.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync().InTime();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    async Task<(int ExitCode, string Output, string Errors)> WaitAsync()
    {
        await _process.WaitForExitAsync().InTime();
        await _reading.InTime();
        while (_lines.Reader.TryRead(out string? line))
            _seen.Add(line);
        return (_process.ExitCode, string.Join('\n', _seen), (await _errors.InTime()).Trim());
    }

    async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            _lines.Writer.TryWrite(line);
        _lines.Writer.Complete();
    }
}
