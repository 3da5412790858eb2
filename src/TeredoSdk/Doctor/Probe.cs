namespace TeredoSdk.Doctor;

/// <summary>A question that a doctor asks the machine.</summary>
/// <param name="Name">What is looked at, for the progress: a few words.</param>
/// <param name="AskAsync">Looks, and returns what is wrong. It may block; it is called on a thread of the pool.</param>
readonly record struct Probe(string Name, Func<CancellationToken, Task<IReadOnlyList<Finding>>> AskAsync);

/// <summary>Asks all questions at the same time, for no longer than <see cref="Limit"/>.</summary>
static class Probes
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>The findings, in the order of the questions.</summary>
    /// <param name="probes">The questions.</param>
    /// <param name="progress">Is told the name of each question that is answered, or null.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait at once; what is being read is left to itself.</param>
    public static async Task<IReadOnlyList<Finding>> AskAsync(
        IReadOnlyList<Probe> probes, IProgress<string>? progress, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        var answers = await Task.WhenAll(probes.Select(probe => AskAsync(probe, progress, either.Token, cancellationToken))).ConfigureAwait(false);
        return [.. answers.SelectMany(answer => answer)];
    }

    static async Task<IReadOnlyList<Finding>> AskAsync(Probe probe, IProgress<string>? progress, CancellationToken either, CancellationToken caller)
    {
        try
        {
            var findings = await Task.Run(() => probe.AskAsync(either), either).WaitAsync(either).ConfigureAwait(false);
            progress?.Report(probe.Name);
            return findings;
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return [NotChecked(probe, $"there was no answer within {Limit.TotalSeconds} s")];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return [NotChecked(probe, e.Message)];
        }
    }

    static Finding NotChecked(Probe probe, string reason) => new()
    {
        Id = FindingIds.DoctorNotChecked,
        Severity = FindingSeverity.Warning,
        Subject = probe.Name,
        Problem = $"Not checked: {probe.Name}.",
        Evidence = [reason],
    };
}
