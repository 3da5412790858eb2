using System.CommandLine;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo status</c>: the report of a node.</summary>
sealed class StatusCommand : Command
{
    readonly NodeOptions _node = new();

    public StatusCommand() : base("status", "Ask for a Teredo address and report how that stands. Exits with 1 when there is none.")
    {
        _node.AddTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        await using var node = await _node.StartAsync(invocation);
        var report = node.Report;
        invocation.Output.Document(report, json => json.TeredoReport);
        if (!invocation.Output.IsJson)
            ReportTable.Print(report);
        return 0;
    }
}
