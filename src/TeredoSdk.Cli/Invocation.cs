using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Cli;

/// <summary>The arguments are well-formed, but their values are not valid.</summary>
sealed class BadArgumentsException(string message) : Exception(message);

/// <summary>One run of a command: its arguments, its output, and how it ends.</summary>
sealed class Invocation
{
    readonly Signals _signals;

    Invocation(ParseResult arguments, Signals signals)
    {
        (Arguments, _signals) = (arguments, signals);
        IsVerbose = arguments.GetValue(CommonOptions.Verbose);
        Output = new(arguments.GetValue(CommonOptions.Json));
        Logs = new() { Level = IsVerbose ? LogLevel.Debug : LogLevel.Error }; // during the start, the message of a failure is enough
    }

    public ParseResult Arguments { get; }

    public bool IsVerbose { get; }

    public Output Output { get; }

    public StderrLogs Logs { get; }

    /// <summary>Cancelled by Ctrl-C and SIGTERM. The command must then undo everything.</summary>
    public CancellationToken Ended => _signals.Token;

    /// <summary>Runs a command and returns its exit code.</summary>
    public static async Task<int> RunAsync(ParseResult arguments, Func<Invocation, Task<int>> command)
    {
        using var signals = new Signals();
        var invocation = new Invocation(arguments, signals);
        try
        {
            return await command(invocation);
        }
        catch (Exception) when (signals.ExitCode is { } code)
        {
            return invocation.Output.Fail("interrupted", $"Ended by {signals.Name}.", code);
        }
        catch (Exception e) when (e is not BadArgumentsException && ProcessLimits.AllowTooFewFiles)
        {
            throw; // stderr may not be usable any more; the entry point knows another way
        }
        catch (BadArgumentsException e)
        {
            return invocation.Output.BadArguments(e.Message, arguments.CommandResult);
        }
        catch (Exception e) when (ProcessLimits.Explain(e) is not null)
        {
            return invocation.Output.Fail("limitReached", ProcessLimits.Explain(e)!);
        }
        catch (TeredoException e)
        {
            return invocation.Output.Fail(Wording.Of(e.Error), Wording.Of(e));
        }
        catch (Exception e)
        {
            if (invocation.IsVerbose)
                Output.Notice(e.ToString());
            return invocation.Output.Fail("failed", Wording.Of(e));
        }
    }

    /// <summary>Waits for a task. When a person watches the terminal, shows that the command is waiting.</summary>
    public Task<T> WaitAsync<T>(string what, Task<T> task) => Console.IsErrorRedirected || IsVerbose ? task : Spinner.ShowAsync(what, task);

    /// <summary>Waits for the signal that ends a command which otherwise runs for ever.</summary>
    public Task UntilEndedAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Ended.Register(ended.SetResult);
        return ended.Task;
    }
}
