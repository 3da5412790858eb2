using System.Globalization;
using TeredoSdk.Tests;
using TeredoSdk.Tests.Doctor;
using TeredoSdk.Tests.Windows.Setup;

namespace TeredoSdk.SetupFaults;

/// <summary>Runs the faults over the machines that the doctor's tests know: sound, broken by switches, by the client, and by the firewall.</summary>
static class Machines
{
    const int AtOnce = 8; // a run mostly waits for its turn

    /// <summary>Runs them and tells a line for each machine, in their order.</summary>
    /// <param name="only">The name of the one machine to run; null for all.</param>
    /// <param name="tell">Takes each line.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many runs did not end as they began.</returns>
    public static async Task<int> RunAsync(string? only, Action<string> tell, CancellationToken cancellationToken)
    {
        using var turns = new SemaphoreSlim(AtOnce);
        IEnumerable<BrokenWindows> all = [.. BrokenWindows.Sound, .. BrokenWindows.Switches, .. BrokenWindows.Clients, .. BrokenWindows.Firewalls];
        Task<Outcome>[] running = [.. all.Where(broken => only is null || broken.Name == only).Select(RunInTurnAsync)];
        int runs = 0, problems = 0;
        foreach (var task in running)
        {
            var outcome = await task;
            tell(outcome.Line);
            foreach (string problem in outcome.Problems)
                tell("  " + problem.ReplaceLineEndings("\n  "));
            (runs, problems) = (runs + outcome.Runs, problems + outcome.Problems.Count);
        }
        tell(string.Create(CultureInfo.InvariantCulture, $"{running.Length} machines, {runs} runs with a fault, {problems} not as before"));
        return problems;

        async Task<Outcome> RunInTurnAsync(BrokenWindows broken)
        {
            await turns.WaitAsync(cancellationToken);
            try
            {
                await using var lab = new Lab();
                return await RunAsync(lab, broken, cancellationToken);
            }
            finally
            {
                turns.Release();
            }
        }
    }

    static async Task<Outcome> RunAsync(Lab lab, BrokenWindows broken, CancellationToken cancellationToken)
    {
        var run = new FaultRun(() => Make(lab, broken));
        var (refusal, problem) = await run.FindRefusalAsync();
        if (refusal is not null)
            return new($"{broken.Name}: refused, {(problem is null ? "as before" : "NOT AS BEFORE")}. {refusal}", 0, problem is null ? [] : [problem]);
        List<string> found = [];
        List<string> counts = [];
        int runs = 0;
        for (int phase = 0; phase < FaultRun.Phases.Count; phase++)
        {
            int crashes = await RunAsync(run, phase, isCrash: true, found, cancellationToken);
            int refusals = await RunAsync(run, phase, isCrash: false, found, cancellationToken);
            counts.Add(string.Create(CultureInfo.InvariantCulture, $"{FaultRun.Phases[phase]} {crashes} calls"));
            runs += crashes + refusals;
        }
        string verdict = found.Count == 0 ? "as before" : $"{found.Count} NOT AS BEFORE";
        return new($"{broken.Name}: {string.Join(", ", counts)}: {verdict}", runs, found);
    }

    // Returns the number of calls of the phase.
    static async Task<int> RunAsync(FaultRun run, int phase, bool isCrash, List<string> found, CancellationToken cancellationToken)
    {
        for (int call = 0; ; call++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (isHit, problem) = await run.RunAsync(phase, isCrash, call);
            if (problem is not null)
                found.Add(problem);
            if (!isHit)
                return call - 1;
        }
    }

    static SetupMachine Make(Lab lab, BrokenWindows broken)
    {
        var made = new DoctorMachine(lab, broken.Version);
        broken.Break(made);
        return new(made.Windows, DoctorMachine.Program) { Options = { EnableTeredo = true } };
    }

    sealed record Outcome(string Line, int Runs, IReadOnlyList<string> Problems);
}
