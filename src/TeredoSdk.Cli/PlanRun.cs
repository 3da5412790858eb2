using System.CommandLine;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Cli;

/// <summary>Shows a plan, asks for consent, and applies the plan.</summary>
static class PlanRun
{
    const int Incomplete = 3;

    /// <summary>Runs <c>teredo setup</c> or <c>teredo remove</c>, and returns the exit code.</summary>
    public static async Task<int> CommandAsync(ParseResult arguments, SetupOptions options, Func<Invocation, Task<ShownPlan>> plan)
    {
        int code = await Invocation.RunAsync(arguments, async invocation => await RunAsync(invocation, await plan(invocation), options,
            Console.IsInputRedirected || Console.IsErrorRedirected ? null : Console.In));
        return options.Confirmed(arguments) is null ? code : PlanElevation.CodeOfRoot(code);
    }

    /// <param name="invocation">The run of the command.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="options">Whether to ask, and whether to change anything.</param>
    /// <param name="person">What the person at the terminal types; null where there is no terminal.</param>
    public static async Task<int> RunAsync(Invocation invocation, ShownPlan plan, SetupOptions options, TextReader? person)
    {
        bool isDryRun = options.IsDryRun(invocation.Arguments), isAgreed = options.IsAgreed(invocation.Arguments);
        string? confirmed = options.Confirmed(invocation.Arguments);
        bool isConfirmed = confirmed is not null && confirmed == plan.Digest;
        bool asks = !isDryRun && plan.NeedsElevation && !isAgreed && !isConfirmed;
        // What was confirmed was shown; the process with rights may know of more to say.
        Show(plan, isConfirmed ? _ => { } : invocation.Output.IsJson && asks && person is not null ? Output.Notice : invocation.Output.Line);
        if (asks && confirmed is not null)
            Output.Notice($"With {plan.Rights.Whose} the plan is another one than was confirmed: the one above.");
        if (!isDryRun)
        {
            PlanElevation? elevation = null;
            if (plan.NeedsElevation && !plan.IsElevated)
            {
                string why = "";
                try
                {
                    if (options.MayElevate(invocation.Arguments) && (isAgreed || person is not null))
                        elevation = await plan.FindElevationAsync(isAgreed ? PlanElevation.AnyPlan : plan.Digest ?? "", person is not null, invocation.Ended);
                }
                catch (TeredoException e)
                {
                    why = $" {Wording.Of(e)}";
                }
                if (elevation is null)
                    return Deny(invocation.Output, plan, $"This needs {plan.Rights.Whose}; nothing was changed.{why} {plan.Rights.Where}");
                if (elevation.Warning is { } warning)
                    Output.Notice(Wording.Of(warning.Sentence));
            }
            if (asks && person is null)
                return invocation.Output.Fail("consentRefused", "Nothing was changed: there is no terminal to ask at. Run it with --yes to consent.");
            if (asks && !await AgreesAsync(elevation?.Question ?? "Do this?", person!, invocation.Ended))
                return invocation.Output.Fail("consentRefused", "Nothing was changed, because you did not consent.");
            try
            {
                if (elevation is null)
                    await plan.ApplyAsync(Tell, invocation.Ended);
                else if (await elevation.RunAsync(Tell, invocation.Ended) is { } code)
                    return code; // the other process wrote the rest
            }
            catch (TeredoException e) when (e.Error == TeredoError.AccessDenied && !plan.IsElevated)
            {
                return Deny(invocation.Output, plan, Wording.Of(e));
            }
        }
        bool isEmpty = plan.Steps.Count + plan.Findings.Count == 0; // nothing was shown
        if (isEmpty || (!isDryRun && plan.Steps.Count > 0))
            invocation.Output.Line(plan.NeedsElevation ? "Done: each step was applied and read back." : "Nothing to do.");
        if (!isDryRun && !plan.IsComplete)
            Output.Notice("Not all that was asked for is in force: solve what the lines above say, then run this again.");
        plan.Document(invocation.Output, !isDryRun);
        return isDryRun || plan.IsComplete || options.IsOfInstaller(invocation.Arguments) ? 0 : Incomplete;
    }

    // Findings go to stderr, so that they are seen even when stdout is redirected.
    static void Show(ShownPlan plan, Action<string> line)
    {
        for (int i = 0; i < plan.Steps.Count; i++)
            line($"{i + 1}. {plan.Steps[i]}");
        foreach (var finding in plan.Findings)
            Output.Notice(Wording.Of(finding.Sentence));
    }

    static async Task<bool> AgreesAsync(string question, TextReader person, CancellationToken cancellationToken)
    {
        Console.Error.Write($"{question} [y/N] ");
        string? answer = await Task.Run(person.ReadLine, cancellationToken).WaitAsync(cancellationToken);
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    // The command stands alone on the last line, so that it is easy to copy.
    static int Deny(Output output, ShownPlan plan, string problem)
    {
        int code = output.Fail("accessDenied", problem);
        Output.Notice(plan.ElevatedCommand);
        return code;
    }

    // Writes a line to stderr when a step has ended.
    static void Tell(string outcome, string sentence) => Output.Notice(outcome switch
    {
        nameof(ServiceStepOutcome.Applied) => $"done: {sentence}",
        nameof(ServiceStepOutcome.Undone) => $"undone: {sentence}",
        nameof(Finding) => sentence,
        _ => $"nothing to do: {sentence}",
    });
}
