using System.CommandLine;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo remove</c>: undoes what <c>teredo setup</c> did.</summary>
sealed class RemoveCommand : Command
{
    readonly SetupOptions _options = new();

    public RemoveCommand() : base("remove", "Undo what 'teredo setup' did for a program, and restore the former state. Shows its plan first.")
    {
        _options.AddTo(this, isRemoval: true);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var plan = await TeredoSetup.PlanRemovalAsync(_options.Read(invocation.Arguments), invocation.Ended);
        return await PlanRun.RunAsync(invocation, plan, _options);
    }
}
