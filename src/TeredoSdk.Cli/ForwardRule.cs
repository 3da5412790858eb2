using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;

namespace TeredoSdk.Cli;

/// <summary>The arguments of one forward, on the command line and in each line of a file.</summary>
sealed class ForwardRule
{
    readonly Argument<int?> _port = new("PORT")
    {
        Description = "The port to listen at; 0 for any port. With --to a port of this machine.",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : Values.Number(0, ushort.MaxValue)(result),
    };

    readonly Argument<PeerName?> _program = new("HOST:PORT")
    {
        Description = "The program that is made reachable, such as 127.0.0.1:80.",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : Values.Peer(result),
    };

    readonly Option<bool> _udp = new("--udp", "-u") { Description = "UDP instead of TCP." };

    readonly Option<PeerName?> _to = new("--to")
    {
        Description = "The other way: a port of this machine, which only this machine reaches, leads to this peer.",
        HelpName = "[ADDR]:PORT",
        CustomParser = Values.Peer,
    };

    readonly Option<bool> _proxy = new("--proxy")
    {
        Description = "Tell the program the peer's address by the PROXY protocol, version 2. Only for programs that expect it.",
    };

    readonly Option<int?> _maxSessions = Limit("--max-sessions", "How many sessions may be open: 1 to 65535, 1000 by default.");
    readonly Option<int?> _maxPerPeer = Limit("--max-per-peer", "How many of them one peer may have: 1 to 65535, 100 by default.");

    readonly Option<TimeSpan?> _idle = new("--idle")
    {
        Description = "End sessions without traffic after this time: 1 to 604800, 0 for never; 300 by default with -u, else 7440.",
        HelpName = "SECONDS",
        CustomParser = result => Values.Seconds(0, 604_800)(result),
    };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_port);
        command.Arguments.Add(_program);
        foreach (Option option in new Option[] { _udp, _to, _proxy, _maxSessions, _maxPerPeer, _idle })
            command.Options.Add(option);
    }

    /// <summary>Reads one rule; null when nothing of one is given.</summary>
    /// <exception cref="BadArgumentsException">The arguments do not fit together.</exception>
    public TeredoForwardOptions? Read(ParseResult arguments)
    {
        var (port, program, to) = (arguments.GetValue(_port), arguments.GetValue(_program), arguments.GetValue(_to));
        if (port is null && to is null)
            return null;
        if (port is null || (to is null) == (program is null))
        {
            throw new BadArgumentsException(to is null ? "Expected PORT HOST:PORT, such as 8080 127.0.0.1:80; or --to [ADDR]:PORT and a port of this machine."
                : "With --to one argument is expected: the port of this machine that leads to the peer, such as 8080.");
        }
        var options = new TeredoForwardOptions
        {
            Direction = to is null ? TeredoForwardDirection.ToProgram : TeredoForwardDirection.ToPeer,
            Protocol = arguments.GetValue(_udp) ? ProtocolType.Udp : ProtocolType.Tcp,
            Port = port.Value,
            Target = (program ?? to)!.ToString(),
            SendProxyHeader = arguments.GetValue(_proxy),
            IdleTimeout = arguments.GetValue(_idle),
        };
        options.MaxSessions = arguments.GetValue(_maxSessions) ?? options.MaxSessions;
        options.MaxSessionsPerPeer = arguments.GetValue(_maxPerPeer) ?? options.MaxSessionsPerPeer;
        try
        {
            options.Validate();
            return options;
        }
        catch (ArgumentException e)
        {
            throw new BadArgumentsException(Wording.Of(e));
        }
    }

    /// <summary>Reads the rules of a file: one in each line, with the arguments of the command; a # begins a comment.</summary>
    /// <exception cref="BadArgumentsException">The file can't be read, or a line of it is wrong.</exception>
    public static IEnumerable<TeredoForwardOptions> ReadFile(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException($"--file is '{path}', which can't be read: {e.Message}");
        }
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Split('#')[0].Trim();
            if (line.Length > 0)
                yield return ReadLine(line, string.Create(CultureInfo.InvariantCulture, $"{path}, line {i + 1}"));
        }
    }

    static TeredoForwardOptions ReadLine(string line, string place)
    {
        var rule = new ForwardRule();
        var command = new Command("forward");
        rule.AddTo(command);
        var parsed = command.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors is [var error, ..])
            throw new BadArgumentsException($"{place}: {error.Message}");
        try
        {
            return rule.Read(parsed) ?? throw new BadArgumentsException("Expected PORT HOST:PORT, or --to [ADDR]:PORT PORT.");
        }
        catch (BadArgumentsException e)
        {
            throw new BadArgumentsException($"{place}: {e.Message}");
        }
    }

    static Option<int?> Limit(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "COUNT",
        CustomParser = result => Values.Number(1, ushort.MaxValue)(result),
    };
}
