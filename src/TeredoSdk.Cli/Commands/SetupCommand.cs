using System.CommandLine;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo setup</c>: sets up a program as an installer does.</summary>
sealed class SetupCommand : Command
{
    readonly SetupOptions _options = new();

    public SetupCommand() : base("setup", "Let strangers reach a program through Windows' Teredo: firewall rules, and Teredo itself if wanted. "
        + "Shows its plan first.")
    {
        _options.AddTo(this, isRemoval: false);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var plan = await TeredoSetup.PlanAsync(_options.Read(invocation.Arguments), invocation.Ended);
        return await PlanRun.RunAsync(invocation, plan, _options);
    }
}
