using System.CommandLine;
using TeredoSdk.Cli.Json;

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

    public DoctorCommand() : base("doctor", "Look for what keeps Teredo from working: 15 s at most. Exits with 1 when something is wrong.")
    {
        _node.AddTo(this);
        foreach (Option option in new Option[] { _app, _reflect, _peer, _html })
            Add(option);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var arguments = invocation.Arguments;
        var options = new TeredoDoctorOptions
        {
            Node = _node.Read(arguments, invocation.Logs),
            ProgramPath = _app.Read(arguments),
            CheckReachability = arguments.GetValue(_reflect),
            Peer = arguments.GetValue(_peer) is { } file ? PeerReport.Read(file) : null,
        };
        bool isWatched = !Console.IsErrorRedirected || invocation.IsVerbose;
        var diagnosis = await TeredoDoctor.RunAsync(options, isWatched ? new Progress() : null, invocation.Ended);
        if (arguments.GetValue(_html) is { } page)
            await WriteAsync(page, DoctorPage.Of(diagnosis, options));
        return Print(invocation.Output, diagnosis);
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

    static async Task WriteAsync(string path, string page)
    {
        try
        {
            await File.WriteAllTextAsync(path, page);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadArgumentsException($"The file '{path}' of --html can't be written: {e.Message}");
        }
    }

    /// <summary>Tells each answer at once, on the thread that has it.</summary>
    sealed class Progress : IProgress<string>
    {
        public void Report(string value) => Output.Notice($"looked at {value}");
    }
}
