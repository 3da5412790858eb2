using TeredoSdk.Windows.Setup;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Cli;

/// <summary>A plan as a person sees it, whatever it sets up.</summary>
/// <param name="Steps">What each step does.</param>
/// <param name="Findings">What the person should know.</param>
/// <param name="NeedsElevation">Whether there is something to do.</param>
/// <param name="IsElevated">Whether this process may do it.</param>
/// <param name="ElevatedCommand">The command that may.</param>
/// <param name="Rights">Whose rights it needs, and where to run the command, as parts of a sentence.</param>
/// <param name="Digest">Tells this plan from another one; null where the process with rights compares by itself.</param>
/// <param name="FindElevationAsync">
/// How a process with rights can apply it; null when there is no way. The parameters are the digest that was confirmed, and whether somebody is at a
/// terminal. It throws a TeredoException that tells what stands in the way.
/// </param>
/// <param name="IsComplete">Whether, once it is applied, all that was asked for is in force.</param>
/// <param name="ApplyAsync">Applies it, and tells of each step that ended: the outcome's name, and the step.</param>
/// <param name="Document">Writes the document; the parameter is whether it was applied.</param>
sealed record ShownPlan(IReadOnlyList<string> Steps, IReadOnlyList<Finding> Findings, bool NeedsElevation, bool IsElevated, string ElevatedCommand,
    (string Whose, string Where) Rights, string? Digest, Func<string, bool, CancellationToken, Task<PlanElevation?>> FindElevationAsync, bool IsComplete, Func<Action<string, string>, CancellationToken, Task> ApplyAsync, Action<Output, bool> Document)
{
    public static ShownPlan Of(SetupPlan plan)
    {
        List<Finding> findings = [.. plan.Findings];
        return new([.. plan.Steps.Select(step => step.Sentence)], plan.Findings, plan.NeedsElevation, plan.IsElevated,
            plan.ElevatedCommand, ("an administrator's rights", "In an administrator's terminal, run:"), null,
            (_, _, _) => Task.FromResult(PlanElevation.Of(plan, (told, cancellationToken) => ApplyAsync(told, one => plan.ApplyElevatedAsync(one, cancellationToken)))),
            plan.IsComplete, (told, cancellationToken) => ApplyAsync(told, one => plan.ApplyAsync(one, cancellationToken)),
            (output, applied) => output.Document(new(applied, applied && plan.IsComplete, plan.NeedsElevation, plan.ElevatedCommand, plan.Steps, findings),
                json => json.PlanDocument));

        async Task ApplyAsync(Action<string, string> told, Func<IProgress<SetupProgress>, Task<IReadOnlyList<Finding>>> apply)
        {
            foreach (var finding in await apply(new Teller<SetupProgress>(one => told(one.Outcome.ToString(), one.Step.Sentence))))
            {
                told(nameof(Finding), Wording.Of(finding.Sentence));
                findings.Add(finding);
            }
        }
    }

    /// <param name="plan">The plan.</param>
    /// <param name="elevated">The arguments by which the command makes this plan as root. The parameter is the digest that was confirmed.</param>
    public static ShownPlan Of(ServicePlan plan, Func<string, string[]> elevated) => new([.. plan.Steps.Select(step => step.Sentence)], plan.Findings,
        !plan.IsSatisfied, plan.IsElevated, plan.ElevatedCommand, ("root's rights", "Run:"), plan.Digest,
        async (confirmed, hasTerminal, cancellationToken) => await PlanElevation.AsRootAsync(elevated(confirmed), hasTerminal, cancellationToken), plan.IsComplete,
        (told, cancellationToken) => plan.ApplyAsync(new Teller<ServiceProgress>(one => told(one.Outcome.ToString(), one.Step.Sentence)), cancellationToken),
        (output, applied) => output.Document(new(applied, applied && plan.IsComplete, !plan.IsSatisfied, plan.ElevatedCommand, plan.Steps, plan.Findings),
            json => json.ServicePlanDocument));

    /// <summary>Tells at once, on the thread that reports: the lines shall not come after the command's end.</summary>
    sealed class Teller<T>(Action<T> told) : IProgress<T>
    {
        public void Report(T value) => told(value);
    }
}
