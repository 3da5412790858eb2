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
/// <param name="IsComplete">Whether, once it is applied, all that was asked for is in force.</param>
/// <param name="ApplyAsync">Applies it, and tells of each step that ended: the outcome's name, and the step.</param>
/// <param name="Document">Writes the document; the parameter is whether it was applied.</param>
sealed record ShownPlan(IReadOnlyList<string> Steps, IReadOnlyList<Finding> Findings, bool NeedsElevation, bool IsElevated, string ElevatedCommand,
    (string Whose, string Where) Rights, bool IsComplete, Func<Action<string, string>, CancellationToken, Task> ApplyAsync, Action<Output, bool> Document)
{
    public static ShownPlan Of(SetupPlan plan) => new([.. plan.Steps.Select(step => step.Sentence)], plan.Findings, plan.NeedsElevation, plan.IsElevated,
        plan.ElevatedCommand, ("an administrator's rights", "In an administrator's terminal, run:"), plan.IsComplete,
        (told, cancellationToken) => plan.ApplyAsync(new Progress<SetupProgress>(one => told(one.Outcome.ToString(), one.Step.Sentence)), cancellationToken),
        (output, applied) => output.Document(new(applied, applied && plan.IsComplete, plan.NeedsElevation, plan.ElevatedCommand, plan.Steps, plan.Findings), json => json.PlanDocument));

    public static ShownPlan Of(ServicePlan plan) => new([.. plan.Steps.Select(step => step.Sentence)], plan.Findings,
        !plan.IsSatisfied, plan.IsElevated, plan.ElevatedCommand, ("root's rights", "Run:"), plan.IsComplete,
        (told, cancellationToken) => plan.ApplyAsync(new Progress<ServiceProgress>(one => told(one.Outcome.ToString(), one.Step.Sentence)), cancellationToken),
        (output, applied) => output.Document(new(applied, applied && plan.IsComplete, !plan.IsSatisfied, plan.ElevatedCommand, plan.Steps, plan.Findings),
            json => json.ServicePlanDocument));

    /// <summary>Tells at once, on the thread that reports: the lines shall not come after the command's end.</summary>
    sealed class Progress<T>(Action<T> told) : IProgress<T>
    {
        public void Report(T value) => told(value);
    }
}
