using System.CommandLine;
using TeredoSdk.Testing;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo setup</c> and <c>teredo remove</c> on a Windows in memory, which has the program.</summary>
sealed class SetupOnFake : IDisposable
{
    readonly string _program;

    public SetupOnFake(string program)
    {
        _program = program;
        Windows.Files[program] = true;
    }

    public FakeWindows Windows { get; } = new();

    /// <summary>How the plan gets rights; by default there is no way.</summary>
    public Func<PlanElevation?> FindElevation { get; set; } = () => null;

    /// <summary>The digest that the plan has where another process compares it.</summary>
    public string? Digest { get; set; }

    /// <summary>Whether the plan is as where no setup was: without steps and findings.</summary>
    public bool IsEmpty { get; set; }

    /// <summary>The folder of the records; it is made when it is needed.</summary>
    public string Records { get; } = Path.Combine(Path.GetTempPath(), $"teredosdk-plan-{Guid.NewGuid():N}");

    /// <summary>Runs one of the commands.</summary>
    /// <param name="command"><c>setup</c> or <c>remove</c>.</param>
    /// <param name="person">What the person types; null where nobody is there.</param>
    /// <param name="line">The arguments. The program's path is taken as it is: this system would make another one of it.</param>
    public Task<Result> RunAsync(string command, TextReader? person, params string[] line)
    {
        bool isRemoval = command == "remove";
        var options = new SetupOptions();
        var root = new RootCommand { CommonOptions.Json, CommonOptions.Verbose };
        options.AddTo(root, isRemoval);
        var arguments = root.Parse(line);
        Assert.That(arguments.Errors, Is.Empty);
        return HereCommand.RunAsync(() => Invocation.RunAsync(arguments, async invocation =>
        {
            var wanted = options.Read(invocation.Arguments);
            (wanted.Windows, wanted.RecordFolder, wanted.ProgramPath) = (Windows, Records, _program);
            var plan = await (isRemoval ? TeredoSetup.PlanRemovalAsync(wanted, invocation.Ended) : TeredoSetup.PlanAsync(wanted, invocation.Ended));
            var shown = ShownPlan.Of(plan) with { Digest = Digest, FindElevationAsync = (_, _, _) => Task.FromResult(FindElevation()) };
            return await PlanRun.RunAsync(invocation, IsEmpty ? shown with { Steps = [], Findings = [], NeedsElevation = false } : shown, options, person);
        }));
    }

    public void Dispose()
    {
        if (Directory.Exists(Records))
            Directory.Delete(Records, recursive: true);
    }
}
