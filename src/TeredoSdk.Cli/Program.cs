using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;
using TeredoSdk.Cli;
using TeredoSdk.Cli.Commands;
using TeredoSdk.Windows.Setup;

return await EntryPoint.RunAsync(args);

/// <summary>The entry point of the teredo command.</summary>
static class EntryPoint
{
    // Uses as few types as possible, so that it can still say why the others can't be loaded.
    public static async Task<int> RunAsync(string[] arguments)
    {
        StandardStreams.Take();
        if (!ProcessLimits.AllowTooFewFiles)
            return await RunRootAsync(arguments);
        AppDomain.CurrentDomain.UnhandledException += static (_, _) => // an assembly may be "not found" on any thread
        {
            StandardStreams.WriteErrorPlainly(ProcessLimits.TooFewFiles);
            Environment.Exit(1);
        };
        try
        {
            return await RunRootAsync(arguments);
        }
        catch (Exception)
        {
            StandardStreams.WriteErrorPlainly(ProcessLimits.TooFewFiles);
            return 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static Task<int> RunRootAsync(string[] arguments)
    {
        if (TeredoSetup.TryRunElevated(arguments) is { } code)
            return Task.FromResult(code);
        RedirectedText.UseUtf8();
        return RunLineAsync(arguments);
    }

    /// <summary>Runs one command line with the standard streams as they are.</summary>
    public static async Task<int> RunLineAsync(string[] arguments)
    {
        var result = Parse(arguments);
        if (result.Action is ParseErrorAction)
            return new Output(isJson: result.GetResult(CommonOptions.Json) is { Tokens: [] or [{ Value: "true" }], Implicit: false }).BadArguments(
                result.UnmatchedTokens is [var token, ..] ? $"'{token}' is not a command, option or argument that is allowed here." : result.Errors[0].Message,
                result.CommandResult);
        var text = new StringWriter(); // the help or the version; commands write their results themselves
        int code = await result.InvokeAsync(new InvocationConfiguration { Output = text, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        try
        {
            if (text.ToString().TrimEnd() is { Length: > 0 } shown)
                StandardStreams.WriteLine(shown);
            return code;
        }
        catch (IOException e)
        {
            return new Output(isJson: false).Fail("failed", e.Message);
        }
    }

    /// <summary>Takes a command line apart.</summary>
    public static ParseResult Parse(string[] arguments)
    {
        var root = new RootCommand(
            """
            Teredo (RFC 4380): a global IPv6 address behind NATs, and tools to use it.

            Exit codes: 0 success; 1 a failure, with its message as the last line on stderr; 2 bad arguments; 3 a setup that is applied, while something is
            left to do. A command that a signal interrupts exits with 130 (Ctrl-C) or 143 (SIGTERM). Commands that run until a signal ends them (client,
            server, relay, forward, listen --echo, listen -u) then exit with 0.
            """)
        {
            CommonOptions.Json,
            CommonOptions.Verbose,
            new DecodeCommand(),
            new StatusCommand(),
            new DoctorCommand(),
            new SetupCommand(),
            new RemoveCommand(),
            new ListenCommand(),
            new ConnectCommand(),
            new ForwardCommand(),
            new PingCommand(),
            new ClientCommand(),
            new ServerCommand(),
            new RelayCommand(),
        };
        return root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
    }
}
