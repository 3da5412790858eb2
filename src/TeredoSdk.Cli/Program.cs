using System.CommandLine;
using System.CommandLine.Invocation;
using TeredoSdk.Cli;
using TeredoSdk.Cli.Commands;

RedirectedText.UseUtf8();
var root = new RootCommand(
    """
    Teredo (RFC 4380): a global IPv6 address behind NATs, and what to do with it.

    Exit codes: 0 success; 1 a failure, whose sentence is the last line on stderr; 2 bad arguments. A command that a signal cuts short
    exits with 130 (Ctrl-C) or 143 (SIGTERM); what runs until it is told to end (client, server, relay, listen --echo, listen -u) exits with 0 then.
    """)
{
    CommonOptions.Json,
    CommonOptions.Verbose,
    new DecodeCommand(),
    new StatusCommand(),
    new SetupCommand(),
    new RemoveCommand(),
    new ListenCommand(),
    new ConnectCommand(),
    new PingCommand(),
    new ClientCommand(),
    new ServerCommand(),
    new RelayCommand(),
};
var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (result.Action is ParseErrorAction)
    return new Output(isJson: result.GetResult(CommonOptions.Json) is { Tokens: [] or [{ Value: "true" }], Implicit: false }).BadArguments(
        result.UnmatchedTokens is [var token, ..] ? $"'{token}' is not a command, an option or an argument here." : result.Errors[0].Message,
        result.CommandResult);
return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
