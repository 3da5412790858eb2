using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>The side of an elevation that has no rights: a plan, and the system that shows the prompt.</summary>
/// <param name="plan">The plan that was confirmed.</param>
/// <param name="elevation">The system.</param>
sealed class ElevationRequest(SetupPlan plan, IElevation elevation)
{
    /// <summary>The request to this machine's Windows; null on other systems.</summary>
    public static ElevationRequest? OfThisProcess(SetupPlan plan) => OperatingSystem.IsWindows() ? new(plan, new WindowsElevation()) : null;

    /// <summary>Why no prompt can be shown, as a sentence; null when one can.</summary>
    public string? Obstacle
    {
        get
        {
            if (!elevation.IsInteractive)
                return "Nobody is there who could see a prompt.";
            if (elevation.Program is not { } program)
                return "The executable of this process is not known.";
            return RequestChecks.IsHost(program) ? $"This process is one of {program}, which runs other programs: it can't be started again for this one."
                : null;
        }
    }

    /// <summary>What the person should know before the prompt; null when nothing.</summary>
    public Finding? Warning => elevation.Program is { } program && elevation.FindWritable(program) is { } writable
        ? SetupFindings.ProgramWritable(program, writable) : null;

    /// <summary>Has the plan applied by the process with rights.</summary>
    public async Task<IReadOnlyList<Finding>> ApplyAsync(IProgress<SetupProgress>? progress, CancellationToken cancellationToken)
    {
        if (Obstacle is { } obstacle)
            throw plan.Denied(obstacle);
        TeredoException? failure = null;
        List<Finding> findings = [];
        string[] arguments = new ElevatedArguments(plan.Request.IsRemoval, WithFullPath(plan.Request.Options), elevation.User, plan.Digest).ToArguments();
        int code = await elevation.RunAsync(arguments, line =>
        {
            var (step, problem) = ElevatedAnswer.Read(line, plan.Steps);
            if (step is not null)
                progress?.Report(step);
            failure = problem ?? failure;
            if (step?.Finding is { } finding)
                findings.Add(finding);
        }, cancellationToken).ConfigureAwait(false);
        if (failure is not null)
            throw failure;
        if (code is not (ElevatedRun.Applied or ElevatedRun.Incomplete))
            throw new TeredoException(TeredoError.SetupFailed, $"The process with an administrator's rights ended with {code} and did not say why. Make a new "
                + "plan: it shows what is left to do.");
        return findings;
    }

    /// <summary>A digest of the machine, of all that was asked for, and of each step: what is done, and what is there before and after it.</summary>
    /// <remarks>Not of the present settings of Windows' Teredo, of which a process without rights may read less.</remarks>
    public static string DigestOf(string? machine, bool isRemoval, TeredoSetupOptions options, IReadOnlyList<SetupStep> steps)
    {
        options = WithFullPath(options);
        var text = new StringBuilder($"{machine}\n");
        foreach (string argument in new ElevatedArguments(isRemoval, options, "", "").ToArguments())
            text.Append(argument).Append('\n');
        foreach (var step in steps)
            text.Append(JsonSerializer.Serialize(step with { TeredoBefore = null }, SetupJson.ForFiles.SetupStep)).Append('\n');
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // The variables in it are those of the user who asks.
    static TeredoSetupOptions WithFullPath(TeredoSetupOptions options)
    {
        var copy = options.Snapshot();
        copy.ProgramPath = RuleComparison.Expand(copy.ProgramPath);
        return copy;
    }
}
