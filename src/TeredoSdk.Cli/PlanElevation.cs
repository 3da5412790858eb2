using System.Diagnostics;
using TeredoSdk.Setup.Linux;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli;

/// <summary>How a plan is applied by a second process, which has the rights that this one lacks.</summary>
/// <param name="Question">What the person is asked before the system asks.</param>
/// <param name="Warning">What the person should know before; null when nothing.</param>
/// <param name="RunAsync">
/// Runs it, and tells of each step that ended. The result is the exit code when the other process wrote all there is to say, null when this one goes on.
/// </param>
sealed record PlanElevation(string Question, Finding? Warning, Func<Action<string, string>, CancellationToken, Task<int?>> RunAsync)
{
    /// <summary>What <c>--confirmed</c> says where <c>--yes</c> confirms every plan.</summary>
    public const string AnyPlan = "any";

    // sudo and pkexec have exit codes of their own. Those of the command are moved there to where they can be told apart.
    const int Offset = 32;

    const string Refused = "The question for root's rights was not answered with a consent; nothing was changed.";

    /// <summary>The prompt of Windows, or null where none can be shown.</summary>
    public static PlanElevation? Of(SetupPlan plan, Func<Action<string, string>, CancellationToken, Task> applyAsync) => !plan.CanElevate ? null
        : new("Do this, with an administrator's rights? Windows asks once more.", plan.ElevationWarning, async (told, cancellationToken) =>
        {
            await applyAsync(told, cancellationToken);
            return null;
        });

    /// <summary>The command that has another start of it, as root, at this terminal or desktop.</summary>
    /// <param name="arguments">The arguments of the other process.</param>
    /// <param name="hasTerminal">Whether somebody is at a terminal.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TeredoException">There is no way.</exception>
    public static async Task<PlanElevation> AsRootAsync(IReadOnlyList<string> arguments, bool hasTerminal, CancellationToken cancellationToken)
    {
        var start = await TeredoServiceSetup.FindRootCommandAsync(hasTerminal, cancellationToken);
        return new($"Do this, with root's rights? {Path.GetFileName(start[0])} may ask once more.", null, async (_, _) => await RunAsRootAsync([.. start, .. arguments]));
    }

    /// <summary>The exit code of a command that was started so.</summary>
    public static int CodeOfRoot(int code) => code + Offset;

    // A signal of the terminal reaches both processes, so the other one ends by itself, and undoes what it did. As root's it can't be ended from here.
    internal static async Task<int?> RunAsRootAsync(string[] line)
    {
        using var process = Process.Start(new ProcessStartInfo(line[0], line[1..]))!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode is (>= Offset and < 64) or (>= 128 + Offset and < 192) ? process.ExitCode - Offset // the latter: ended by a signal
            : throw new TeredoException(TeredoError.ConsentRefused, Refused);
    }
}
