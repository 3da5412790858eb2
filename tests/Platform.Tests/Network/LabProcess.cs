using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>Signals by number.</summary>
enum Signal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>A program that runs in a host of the lab.</summary>
sealed class LabProcess : IAsyncDisposable
{
    static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);
    static int Starts;

    readonly Process _process;
    readonly OutputLog _log = new();
    readonly Task<byte[]> _output, _errors;
    readonly Task _exited;
    readonly string _title, _stamp;

    LabProcess(LabHost host, string program, IReadOnlyList<string> arguments, StartOptions options)
    {
        _title = $"{host.Name}: {program} {string.Join(' ', arguments)}";
        _stamp = Path.Combine(host.Lab.Scratch, $"started-{Interlocked.Increment(ref Starts)}");
        _process = Process.Start(Launcher.Command(host, program, arguments, options, _stamp))!;
        Id = _process.Id;
        _output = _log.ReadAsync(_process.StandardOutput.BaseStream, "out");
        _errors = _log.ReadAsync(_process.StandardError.BaseStream, "err");
        _exited = _process.WaitForExitAsync();
    }

    public static LabProcess Start(LabHost host, string program, IReadOnlyList<string> arguments, StartOptions options)
    {
        var process = new LabProcess(host, program, arguments, options);
        host.Lab.Remember(process);
        return process;
    }

    public int Id { get; }
    public bool HasExited => _exited.IsCompleted;

    /// <summary>The exit code; 128 + the number of the signal that ended it. Only once it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Its standard input. Close it to say that there is no more.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>The moment when the program itself was started, a millisecond more or less: the lab's preparations are over.</summary>
    public DateTimeOffset Started => DateTimeOffset.UnixEpoch
        + TimeSpan.FromTicks(long.Parse(File.ReadAllText(_stamp), CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick);

    /// <summary>All lines so far of standard output.</summary>
    public string Output => TextOf("out");

    /// <summary>All lines so far of standard error.</summary>
    public string Errors => TextOf("err");

    /// <summary>How many lines came so far, of both; to wait for one after this moment.</summary>
    public int LineCount => _log.Lines.Count;

    /// <summary>The bytes of standard output, once the process has exited.</summary>
    public Task<byte[]> RawOutput => _output;

    /// <summary>True once it exited when another process, a child that it left behind, still holds its output open.</summary>
    public bool OutputIsHeldOpen => HasExited && !(_output.IsCompleted && _errors.IsCompleted);

    /// <summary>What was run, what it said, and how it ended.</summary>
    public string Transcript => _log.Lines.Aggregate(new StringBuilder($"--- {_title} (process {Id})\n"),
        (text, line) => text.Append("    ").Append(line.Stream).Append("| ").AppendLine(line.Text))
        .Append(HasExited ? $"    exited with {ExitCode}" : "    runs").ToString();

    /// <summary>Waits for a line, of standard output or error, that came or comes. The test fails when there is none in time.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> matches, TimeSpan? limit = null, int from = 0)
    {
        string? line = await _log.WaitForLineAsync(matches, from, EndAsync(), limit ?? Patience.Limit);
        return line ?? throw new AssertionException(
            $"The line that was waited for did not come in {(limit ?? Patience.Limit).TotalSeconds} s.\n{Transcript}");
    }

    /// <inheritdoc cref="WaitForLineAsync(Func{string, bool}, TimeSpan?, int)"/>
    public Task<string> WaitForLineAsync(string part, TimeSpan? limit = null, int from = 0) =>
        WaitForLineAsync(line => line.Contains(part, StringComparison.Ordinal), limit, from);

    /// <summary>Waits for the end and returns the exit code. The test fails when it takes longer.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        try
        {
            await _exited.WaitAsync(limit ?? Patience.Limit);
        }
        catch (TimeoutException)
        {
            throw new AssertionException($"The program did not end in {(limit ?? Patience.Limit).TotalSeconds} s.\n{Transcript}");
        }
        await EndAsync();
        return ExitCode;
    }

    /// <summary>Sends a signal; nothing when it has exited.</summary>
    public void Send(Signal signal)
    {
        if (!HasExited)
            _ = Native.Kill(Id, (int)signal);
    }

    // Exited and all of the output read, unless somebody else holds that open.
    async Task EndAsync()
    {
        await _exited;
        try
        {
            await Task.WhenAll(_output, _errors).WaitAsync(DrainLimit);
        }
        catch (TimeoutException)
        {
            // OutputIsHeldOpen says so.
        }
    }

    string TextOf(string stream) => string.Join('\n', _log.Lines.Where(line => line.Stream == stream).Select(line => line.Text));

    public async ValueTask DisposeAsync()
    {
        Send(Signal.Kill);
        await EndAsync();
        _process.Dispose();
    }
}
