using TeredoSdk.Setup;

namespace TeredoSdk.Cli;

/// <summary>Shows a plan, asks for consent, and applies the plan.</summary>
static class PlanRun
{
    public static async Task<int> RunAsync(Invocation invocation, SetupPlan plan, SetupOptions options)
    {
        bool isDryRun = options.IsDryRun(invocation.Arguments);
        bool asks = !isDryRun && plan.NeedsElevation && !options.IsAgreed(invocation.Arguments);
        Show(plan, invocation.Output.IsJson && asks && HasTerminal ? Output.Notice : invocation.Output.Line);
        if (!isDryRun)
        {
            if (plan.NeedsElevation && !plan.IsElevated)
                return Deny(invocation.Output, plan, "This needs an administrator's rights; nothing was changed. In an administrator's terminal, "
                    + "run:");
            if (asks && !HasTerminal)
                return invocation.Output.Fail("consentRefused", "Nothing was changed: there is no terminal to ask at. Run it with --yes to consent.");
            if (asks && !await AgreesAsync(invocation.Ended))
                return invocation.Output.Fail("consentRefused", "Nothing was changed, because you did not consent.");
            try
            {
                await plan.ApplyAsync(new StepLines(), invocation.Ended);
            }
            catch (TeredoException e) when (e.Error == TeredoError.AccessDenied)
            {
                return Deny(invocation.Output, plan, Wording.Of(e));
            }
        }
        if (!isDryRun && plan.Steps.Count > 0)
            invocation.Output.Line(plan.NeedsElevation ? "Done: each step was applied and read back." : "Nothing to do.");
        invocation.Output.Document(new(!isDryRun, plan.NeedsElevation, plan.ElevatedCommand, plan.Steps, plan.Warnings), json => json.PlanDocument);
        return 0;
    }

    static bool HasTerminal => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    // Warnings go to stderr, so that they are seen even when stdout is redirected.
    static void Show(SetupPlan plan, Action<string> line)
    {
        for (int i = 0; i < plan.Steps.Count; i++)
            line($"{i + 1}. {plan.Steps[i].Sentence}");
        foreach (string warning in plan.Warnings)
            Output.Notice(Wording.Of(warning));
    }

    static async Task<bool> AgreesAsync(CancellationToken cancellationToken)
    {
        Console.Error.Write("Do this? [y/N] ");
        string? answer = await Task.Run(Console.In.ReadLine, cancellationToken).WaitAsync(cancellationToken);
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    // The command stands alone on the last line, so that it is easy to copy.
    static int Deny(Output output, SetupPlan plan, string problem)
    {
        int code = output.Fail("accessDenied", problem);
        Output.Notice(plan.ElevatedCommand);
        return code;
    }

    /// <summary>Writes a line to stderr when a step has ended.</summary>
    sealed class StepLines : IProgress<SetupProgress>
    {
        public void Report(SetupProgress value) => Output.Notice(value.Outcome switch
        {
            SetupOutcome.Applied => $"done: {value.Step.Sentence}",
            SetupOutcome.Undone => $"undone: {value.Step.Sentence}",
            _ => $"nothing to do: {value.Step.Sentence}",
        });
    }
}
