namespace TeredoSdk.Windows;

/// <summary>
/// Calls the system on another thread: a call may take seconds where there are tens of thousands of rules, and may never end where a service hangs.
/// </summary>
static class PatientCall
{
    /// <summary>How long a call may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs a call and waits for its end, unless the caller gives up or the call takes too long. Then the call itself may go on (<see cref="AbandonedCalls"/>).</summary>
    /// <exception cref="TeredoException">The call took too long; the error is the given one.</exception>
    public static async Task<T> RunAsync<T>(Func<Task<T>> call, TimeProvider time, CancellationToken cancellationToken,
        TeredoError error = TeredoError.SetupFailed)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var running = new Task<Task<T>>(call);
        var ending = running.Unwrap();
        var waiting = ending.WaitAsync(Limit, time, cancellationToken); // before the call begins, so that its time counts from there
        running.Start(TaskScheduler.Default);
        try
        {
            return await waiting.ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TeredoException(error, $"Windows did not answer within {Limit.TotalMinutes:0} minutes. Check whether the "
                + "services mpssvc (the firewall) and iphlpsvc (Teredo) hang: restart Windows, and try again.", e);
        }
        finally
        {
            AbandonedCalls.Note(ending);
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public static Task RunAsync(Func<Task> call, TimeProvider time, CancellationToken cancellationToken,
        TeredoError error = TeredoError.SetupFailed) => RunAsync(async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    }, time, cancellationToken, error);

    /// <summary>Makes one change, as <see cref="RunAsync{T}"/> does.</summary>
    public static Task ChangeAsync(Action change, TimeProvider time, CancellationToken cancellationToken, TeredoError error = TeredoError.SetupFailed) =>
        RunAsync(() =>
        {
            change();
            return Task.CompletedTask;
        }, time, cancellationToken, error);

    /// <summary>Makes one call of the system, as <see cref="RunAsync{T}"/> does.</summary>
    public static Task<T> AskAsync<T>(Func<T> call, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync(() => Task.FromResult(call()), time, cancellationToken);

    /// <summary>Reads something of the firewall, as <see cref="RunAsync{T}"/> does.</summary>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>: the call took too long.</exception>
    public static Task<T> ReadAsync<T>(Func<T> read, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync(() => Task.FromResult(read()), time, cancellationToken, TeredoError.FirewallUnavailable);
}
