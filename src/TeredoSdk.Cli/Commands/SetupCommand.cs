using System.CommandLine;
using TeredoSdk.Setup.Linux;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo setup</c>: sets up a program as an installer does.</summary>
sealed class SetupCommand : Command
{
    readonly SetupOptions _options = new();
    readonly ServiceOptions _service = new();

    public SetupCommand() : base("setup", "Let strangers reach a program through Windows' Teredo: firewall rules, and Teredo itself if wanted. "
        + "On Linux, with --service: make teredo server, relay or client a service. Shows its plan first.")
    {
        _options.AddTo(this, isRemoval: false);
        _service.AddTo(this, isRemoval: false);
        SetAction((arguments, _) => PlanRun.CommandAsync(arguments, _options, PlanAsync));
    }

    async Task<ShownPlan> PlanAsync(Invocation invocation)
    {
        if (_service.Find(invocation.Arguments) is not { } service)
            return ShownPlan.Of(await TeredoSetup.PlanAsync(_options.Read(invocation.Arguments), invocation.Ended));
        var wanted = _service.Read(invocation.Arguments, service, _options.ReadProgram(invocation.Arguments));
        return ShownPlan.Of(await TeredoServiceSetup.PlanAsync(wanted, invocation.Ended),
            confirmed => [.. _options.ForRoot(invocation.Arguments, _service.ToArguments(wanted), confirmed), "--", .. wanted.Arguments]);
    }
}
