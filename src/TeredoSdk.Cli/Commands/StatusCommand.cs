using System.CommandLine;
using TeredoSdk.Cli.Json;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo status</c>: prints the report of a node. On Windows it prints Windows' report, too, even when there is no address.</summary>
sealed class StatusCommand : Command
{
    readonly NodeOptions _node = new();

    public StatusCommand() : base("status", "Ask for a Teredo address and report the state. Exits with 1 when there is no address.")
    {
        _node.AddTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        try
        {
            await using var node = await _node.StartAsync(invocation);
            var report = node.Report;
            if (report.Windows is null && OperatingSystem.IsWindows())
                report = report with { Windows = await WindowsTeredo.ReadReportAsync(invocation.Ended) };
            invocation.Output.Document(report, json => json.TeredoReport);
            if (!invocation.Output.IsJson)
                ReportTable.Print(report);
            return 0;
        }
        catch (TeredoException e) when (OperatingSystem.IsWindows() && !invocation.Ended.IsCancellationRequested)
        {
            return Fail(invocation.Output, e, await WindowsTeredo.ReadReportAsync(invocation.Ended));
        }
    }

    static int Fail(Output output, TeredoException failure, WindowsReport windows)
    {
        if (!output.IsJson)
            ReportTable.Print(windows);
        string problem = Wording.Of(failure);
        return output.Fail(new StatusFailureDocument(Wording.Of(failure.Error), problem, windows), json => json.StatusFailureDocument, problem);
    }
}
