namespace TeredoSdk.Windows.Setup;

/// <summary>
/// Calls the system on another thread: a call may take seconds where there are tens of thousands of rules, and may never end where a service hangs.
/// </summary>
static class PatientCall
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs a call and waits for its end, unless the caller gives up or the call takes too long. Then the call itself may go on.</summary>
    /// <exception cref="TeredoException"><see cref="TeredoError.SetupFailed"/>: the call took too long.</exception>
    public static async Task<T> RunAsync<T>(Func<Task<T>> call, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(call, CancellationToken.None).WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TeredoException(TeredoError.SetupFailed, $"Windows did not answer within {Limit.TotalMinutes:0} minutes. Check whether the "
                + "services mpssvc (the firewall) and iphlpsvc (Teredo) hang: restart Windows, and try again.", e);
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public static Task RunAsync(Func<Task> call, TimeProvider time, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    }, time, cancellationToken);
}
