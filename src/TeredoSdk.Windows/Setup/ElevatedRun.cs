namespace TeredoSdk.Windows.Setup;

/// <summary>
/// The side of an elevation that has the rights. It makes the plan itself, from the machine as it finds it, and applies it only when each step is one
/// that was confirmed.
/// </summary>
static class ElevatedRun
{
    public const int Applied = 0, Failed = 1, Incomplete = 3; // the exit codes are those of the command teredo

    /// <summary>Makes and applies the plan of the arguments.</summary>
    /// <param name="arguments">The arguments of the process, which begin with <see cref="ElevatedArguments.Verb"/>.</param>
    /// <param name="admit">Checks who asks, and sets what no argument may choose, such as the folder of the records.</param>
    /// <param name="answer">Takes the lines of the answer; when it fails, nobody listens any more, and what was done is undone.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] arguments, Action<ElevatedArguments> admit, Action<string> answer)
    {
        try
        {
            return await ApplyAsync(arguments, admit, answer).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Try(() => answer(ElevatedAnswer.Of(e as TeredoException ?? new TeredoException(TeredoError.SetupFailed, e.Message, e))));
            return Failed;
        }
    }

    static async Task<int> ApplyAsync(string[] arguments, Action<ElevatedArguments> admit, Action<string> answer)
    {
        if (!ElevatedArguments.TryParse(arguments, out var request))
            throw new TeredoException(TeredoError.SetupFailed, $"The arguments behind {ElevatedArguments.Verb} are not those that TeredoSdk writes; nothing "
                + "was changed. They are made by SetupPlan.ApplyElevatedAsync of the same version, and by nobody else.");
        admit(request);
        var plan = await (request.IsRemoval ? TeredoSetup.PlanRemovalAsync(request.Options) : TeredoSetup.PlanAsync(request.Options)).ConfigureAwait(false);
        if (plan.Digest != request.Digest)
            throw Differs(plan);
        if (plan.NeedsElevation && !plan.IsElevated)
            throw new TeredoException(TeredoError.AccessDenied, "The prompt gave no administrator's rights; nothing was changed.");
        using var unheard = new CancellationTokenSource();
        await plan.ApplyAsync(new Teller(plan.Steps, answer, unheard), unheard.Token).ConfigureAwait(false);
        return plan.IsComplete ? Applied : Incomplete;
    }

    static TeredoException Differs(SetupPlan plan)
    {
        var steps = plan.Steps.Where(step => !step.IsSatisfied).Select((step, i) => $"{i + 1}. {step.Sentence}");
        return new(TeredoError.SetupFailed, "With an administrator's rights the plan is another one than was confirmed, so nothing was changed. It is: "
            + $"{(plan.IsSatisfied ? "nothing to do." : string.Join(" ", steps))} Make a new plan; if it stays the same, run this in an administrator's "
            + $"terminal: {plan.ElevatedCommand}");
    }

    static void Try(Action tell)
    {
        try
        {
            tell();
        }
        catch (IOException)
        {
            // Nobody listens; the exit code says that it failed.
        }
    }

    sealed class Teller(IReadOnlyList<SetupStep> steps, Action<string> answer, CancellationTokenSource unheard) : IProgress<SetupProgress>
    {
        public void Report(SetupProgress value)
        {
            try
            {
                answer(ElevatedAnswer.Of(steps.TakeWhile(step => step != value.Step).Count(), value));
            }
            catch (IOException)
            {
                unheard.Cancel();
            }
        }
    }
}
