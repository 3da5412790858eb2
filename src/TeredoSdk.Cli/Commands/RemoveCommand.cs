using System.CommandLine;
using TeredoSdk.Setup.Linux;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo remove</c>: undoes what <c>teredo setup</c> did.</summary>
sealed class RemoveCommand : Command
{
    readonly SetupOptions _options = new();
    readonly ServiceOptions _service = new();

    public RemoveCommand() : base("remove", "Undo what 'teredo setup' did for a program, and restore the former state. Shows its plan first.")
    {
        _options.AddTo(this, isRemoval: true);
        _service.AddTo(this, isRemoval: true);
        SetAction((arguments, _) => PlanRun.CommandAsync(arguments, _options, PlanAsync));
    }

    async Task<ShownPlan> PlanAsync(Invocation invocation) => _service.Find(invocation.Arguments) is { } service
        ? ShownPlan.Of(await TeredoServiceSetup.PlanRemovalAsync(service, invocation.Ended),
            confirmed => _options.ForRoot(invocation.Arguments, [Name, .. _service.ToArguments(service)], confirmed))
        : ShownPlan.Of(await TeredoSetup.PlanRemovalAsync(_options.Read(invocation.Arguments), invocation.Ended));
}
