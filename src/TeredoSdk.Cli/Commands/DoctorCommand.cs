using System.CommandLine;
using TeredoSdk.Cli.Json;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo doctor</c>: looks for what keeps Teredo from working, and says what would mend it.</summary>
sealed class DoctorCommand : Command
{
    readonly NodeOptions _node = new();

    readonly ProgramOption _app = new();

    readonly Option<bool> _reflect = new("--reflect")
    {
        Description = "Ask the server for a packet of a stranger, to find out whether strangers get in. The server needs --reflect-address.",
    };

    readonly Option<string?> _peer = new("--peer")
    {
        Description = "What teredo status --json or teredo doctor --json printed at another node: tells whether the two will be able to connect.",
        HelpName = "FILE",
    };

    readonly Option<string?> _html = new("--html")
    {
        Description = "Write the diagnosis as a page for a browser, too. It holds the addresses of this machine.",
        HelpName = "FILE",
    };

    readonly Option<string?> _report = new("--report")
    {
        Description = "On Windows: write all that Windows says to a file, for the people who help you. Names and addresses are replaced by others.",
        HelpName = "FILE",
    };

    readonly Option<bool> _probe = new("--probe")
    {
        Description = "With --report, as an administrator: write a firewall rule that is disabled, read it back and remove it.",
    };

    readonly Option<bool> _noRedact = new("--no-redact") { Description = "With --report: leave names and addresses as they are." };

    public DoctorCommand() : base("doctor", "Look for what keeps Teredo from working: 15 s at most. Exits with 1 when something is wrong.")
    {
        _node.AddTo(this);
        foreach (Option option in new Option[] { _app, _reflect, _peer, _html, _report, _probe, _noRedact })
            Add(option);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var arguments = invocation.Arguments;
        RequireReport(arguments);
        var options = new TeredoDoctorOptions
        {
            Node = _node.Read(arguments, invocation.Logs),
            ProgramPath = _app.Read(arguments),
            CheckReachability = arguments.GetValue(_reflect),
            Peer = arguments.GetValue(_peer) is { } file ? PeerReport.Read(file) : null,
        };
        if (arguments.GetValue(_report) is { } report) // first, because the diagnosis wakes Teredo, and the report tells how it was before
            await ReportAsync(invocation, report, options.ProgramPath);
        bool isWatched = !Console.IsErrorRedirected || invocation.IsVerbose;
        var diagnosis = await TeredoDoctor.RunAsync(options, isWatched ? new Progress() : null, invocation.Ended);
        if (arguments.GetValue(_html) is { } page)
            await WriteAsync(page, DoctorPage.Of(diagnosis, options), _html.Name);
        return Print(invocation.Output, diagnosis);
    }

    void RequireReport(ParseResult arguments)
    {
        bool isAsked = arguments.GetValue(_report) is not null;
        if (!isAsked && (arguments.GetValue(_probe) || arguments.GetValue(_noRedact)))
            throw new BadArgumentsException("--probe and --no-redact are for --report FILE, which is missing.");
        if (isAsked && !OperatingSystem.IsWindows())
            throw new BadArgumentsException("--report tells what Windows says, and this system is not Windows: teredo doctor --json has all that is known here.");
    }

    async Task ReportAsync(Invocation invocation, string file, string? program)
    {
        var arguments = invocation.Arguments;
        var options = new MachineReportOptions
        {
            ProgramPath = program,
            Probe = arguments.GetValue(_probe),
            Redact = !arguments.GetValue(_noRedact),
        };
        string report = await invocation.WaitAsync("asking Windows for the report", MachineReport.MakeAsync(options, invocation.Ended));
        await WriteAsync(file, report, _report.Name);
        Output.Notice($"The report is in {file}.{(options.Redact ? " Look at it before you send it: what it says in words was searched for names, and may hold more." : "")}");
    }

    /// <summary>Prints a diagnosis, and returns the exit code.</summary>
    public static int Print(Output output, TeredoDiagnosis diagnosis)
    {
        foreach (string line in DoctorText.Lines(diagnosis))
            output.Line(line);
        var document = new DoctorDocument(diagnosis.Report, diagnosis.Findings);
        if (!diagnosis.IsSound)
            return output.Fail(document, json => json.DoctorDocument, Wording.Of(diagnosis.Findings[0].Sentence));
        output.Document(document, json => json.DoctorDocument);
        return 0;
    }

    static async Task WriteAsync(string path, string text, string option)
    {
        try
        {
            await File.WriteAllTextAsync(path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadArgumentsException($"The file '{path}' of {option} can't be written: {e.Message}");
        }
    }

    /// <summary>Tells each answer at once, on the thread that has it.</summary>
    sealed class Progress : IProgress<string>
    {
        public void Report(string value) => Output.Notice($"looked at {value}");
    }
}
