using System.CommandLine;
using TeredoSdk.Cli.Json;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo status</c>: prints the report of a node. On Windows it prints Windows' report, too, even when there is no address.</summary>
sealed class StatusCommand : Command
{
    readonly NodeOptions _node = new();
    readonly ProgramOption _app = new();

    readonly Option<bool> _reflect = new("--reflect")
    {
        Description = "Ask the server for a packet of a stranger, to find out whether strangers get in: up to 12 s. The server needs --reflect-address.",
    };

    readonly Option<string?> _peer = new("--peer")
    {
        Description = "What teredo status --json printed at another node: tells whether each of the two will be able to connect to the other.",
        HelpName = "FILE",
    };

    public StatusCommand() : base("status", "Ask for a Teredo address and report the state. Exits with 1 when there is no address.")
    {
        _node.AddTo(this);
        Add(_app);
        Add(_reflect);
        Add(_peer);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        string? app = _app.Read(invocation.Arguments);
        if (app is not null && !OperatingSystem.IsWindows())
            throw new BadArgumentsException("--app judges a program on Windows; the firewalls of this system judge ports, not programs.");
        var peer = invocation.Arguments.GetValue(_peer) is { } file ? PeerReport.Read(file) : null;
        try
        {
            await using var node = await _node.StartAsync(invocation);
            if (invocation.Arguments.GetValue(_reflect))
                await ReflectAsync(invocation, node);
            var report = node.Report;
            if ((report.Windows is null || app is not null) && OperatingSystem.IsWindows())
                report = report with { Windows = await WindowsTeredo.ReadReportAsync(app, invocation.Ended) };
            Print(invocation.Output, report, peer);
            return 0;
        }
        catch (TeredoException e) when (OperatingSystem.IsWindows() && !invocation.Ended.IsCancellationRequested)
        {
            return Fail(invocation.Output, e, await WindowsTeredo.ReadReportAsync(app, invocation.Ended));
        }
    }

    static void Print(Output output, TeredoReport report, TeredoReport? peer)
    {
        var pair = peer is null ? null : new PairDocument(report, ConnectionForecast.Of(report, peer), ConnectionForecast.Of(peer, report));
        if (pair is null)
            output.Document(report, json => json.TeredoReport);
        else
            output.Document(pair, json => json.PairDocument);
        if (!output.IsJson)
            ReportTable.Print(report, pair);
    }

    static async Task ReflectAsync(Invocation invocation, TeredoNode node)
    {
        var check = await invocation.WaitAsync("waiting for a stranger's packet", node.CheckReachabilityAsync(invocation.Ended));
        if (check.Finding is { } finding && check.Reachability == Reachability.NotChecked) // a "no" is in the report
            Output.Notice(Wording.Of(finding.Sentence));
    }

    /// <summary>Tells why there is no address, and what Windows says, and returns the exit code.</summary>
    public static int Fail(Output output, TeredoException failure, WindowsReport windows)
    {
        if (!output.IsJson)
            ReportTable.Print(windows);
        string problem = Wording.Of(failure);
        return output.Fail(new StatusFailureDocument(Wording.Of(failure.Error), problem, windows), json => json.StatusFailureDocument, problem);
    }
}
