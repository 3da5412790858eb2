using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;

namespace TeredoSdk.Cli.Tests;

/// <summary>The teredo command as a process of its own, ended at the latest when disposed.</summary>
sealed class CommandProcess : IDisposable
{
    const string Listening = "listening on ";

    readonly Process _process;
    readonly Channel<string> _errors = Channel.CreateUnbounded<string>();
    readonly List<string> _errorLines = [];
    readonly Task _readingErrors;

    static readonly string Program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "teredo.exe" : "teredo");

    CommandProcess(string program, string[] arguments)
    {
        var start = ProgramStart.Of(program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment.Remove(TeredoOptions.ServerVariable);
        _process = Process.Start(start)!;
        _readingErrors = ReadErrorsAsync();
    }

    public int Id => _process.Id;

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>The lines of stderr until now.</summary>
    public IReadOnlyList<string> ErrorLines
    {
        get
        {
            lock (_errorLines)
                return [.. _errorLines];
        }
    }

    /// <summary>Starts the command; stdin stays open.</summary>
    public static CommandProcess Start(params string[] arguments) => new(Program, arguments);

    /// <summary>Lets another program start the command, in its own process.</summary>
    public static CommandProcess StartBy(string[] starter, params string[] arguments) => new(starter[0], [.. starter[1..], Program, .. arguments]);

    /// <summary>Runs the command to its end, with nothing on stdin.</summary>
    public static async Task<Result> RunAsync(params string[] arguments)
    {
        using var command = Start(arguments);
        command.Input.Close();
        return await command.ExitAsync();
    }

    /// <summary>Runs a shell script to its end, with nothing on stdin. In the script, "$0" is the command and "$@" are the arguments.</summary>
    public static async Task<Result> RunInShellAsync(string script, params string[] arguments)
    {
        using var command = new CommandProcess("sh", ["-c", script, Program, .. arguments]);
        command.Input.Close();
        return await command.ExitAsync();
    }

    /// <summary>Waits for a line of stderr that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            await foreach (string line in _errors.Reader.ReadAllAsync(limit.Token))
                if (line.StartsWith(beginning, StringComparison.Ordinal))
                    return line;
        }
        catch (OperationCanceledException)
        {
            // Said below.
        }
        throw new AssertionException($"There is no line '{beginning}...' on stderr, but: {string.Join(" | ", ErrorLines)}");
    }

    /// <summary>Waits until peers can get in.</summary>
    /// <returns>What to dial.</returns>
    public async Task<string> ListeningAsync() => (await LineAsync(Listening))[Listening.Length..];

    /// <summary>Waits for the end, and takes what is left on stdout.</summary>
    public async Task<Result> ExitAsync()
    {
        using var content = new MemoryStream();
        await Output.CopyToAsync(content).WaitAsync(Patience.Limit);
        return new(await ExitCodeAsync(), content.ToArray(), ErrorLines);
    }

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience.Limit);
        await _readingErrors.WaitAsync(Patience.Limit);
        return _process.ExitCode;
    }

    /// <summary>Asks the process to end.</summary>
    public void Terminate() => Signal(15); // SIGTERM

    /// <summary>Does what Ctrl-C does.</summary>
    public void Interrupt() => Signal(2); // SIGINT

    /// <summary>Lets the process open no descriptor more, or as many as before.</summary>
    public void LimitDescriptors(bool isLimited) => DescriptorLimit.Set(_process.Id, isLimited);

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    void Signal(int signal) => Assert.That(Kill(_process.Id, signal), Is.Zero);

    async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_errorLines)
                _errorLines.Add(line);
            _errors.Writer.TryWrite(line);
        }
        _errors.Writer.Complete();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Kill(int process, int signal);
}

/// <summary>How a command ended.</summary>
sealed record Result(int ExitCode, byte[] Output, IReadOnlyList<string> ErrorLines)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Output);

    /// <summary>The last line of stderr: the sentence of a failure.</summary>
    public string Sentence => ErrorLines.Count > 0 ? ErrorLines[^1] : "";

    /// <summary>The one document on stdout.</summary>
    public JsonElement Document => JsonDocument.Parse(Output).RootElement;

    public override string ToString() => $"exit code {ExitCode}, stdout '{Text}', stderr '{string.Join(" | ", ErrorLines)}'";
}
