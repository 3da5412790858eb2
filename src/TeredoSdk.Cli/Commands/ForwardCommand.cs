using System.CommandLine;
using System.Net.Sockets;
using TeredoSdk.Cli.Json;
using TeredoSdk.Cli.Traffic;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo forward</c>: makes a program reachable at the Teredo address, or a peer at a port of this machine.</summary>
sealed class ForwardCommand : Command
{
    readonly ForwardRule _rule = new();

    readonly Option<string?> _file = new("--file")
    {
        Description = "Read forwards from a file: in each line the arguments of one, such as \"-u 27015 127.0.0.1:27015\"; # begins a comment.",
        HelpName = "FILE",
    };

    readonly NodeOptions _node = new() { LetsStrangersIn = true };

    public ForwardCommand() : base("forward",
        """
        Make a program that knows nothing of Teredo reachable at the Teredo address: teredo forward 8080 127.0.0.1:80. The other way, make a peer
        reachable at a port of this machine: teredo forward --to [ADDR]:PORT 8080. Prints "listening on [ADDR]:PORT" to stderr for each forward, and
        again when the address has changed. Runs until a signal ends it.
        """)
    {
        _rule.AddTo(this);
        Add(_file);
        _node.AddConnectTo(this);
        _node.AddTo(this);
        _node.AddWaitTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var rules = Read(invocation.Arguments);
        await using var node = await _node.StartAsync(invocation);
        List<(TeredoForwardOptions Rule, TeredoForward Forward)> forwards = [];
        foreach (var rule in rules)
            forwards.Add((rule, await node.ForwardAsync(rule, invocation.Ended)));
        foreach (var (_, forward) in forwards)
            _ = Announcement.RunAsync(() => forward.EndPoint, forward.StateChanges, invocation.Ended);
        await invocation.UntilEndedAsync();
        var reports = forwards.Select(entry => (entry.Rule, entry.Forward.Report)).ToList();
        invocation.Output.Document(new ForwardsDocument([.. reports.Select(entry => new ForwardDocument(
            entry.Rule.Protocol == ProtocolType.Udp ? "udp" : "tcp", entry.Report.EndPoint, entry.Rule.Target, entry.Report.Begun, entry.Report.Refused,
            entry.Report.Failed, entry.Report.Idle, entry.Report.OctetsToTarget, entry.Report.OctetsFromTarget, entry.Report.DatagramsLost))]),
            json => json.ForwardsDocument);
        return 0;
    }

    List<TeredoForwardOptions> Read(ParseResult arguments)
    {
        List<TeredoForwardOptions> rules = [];
        if (_rule.Read(arguments) is { } rule)
            rules.Add(rule);
        if (arguments.GetValue(_file) is { } file)
            rules.AddRange(ForwardRule.ReadFile(file));
        return rules.Count > 0 ? rules
            : throw new BadArgumentsException("Nothing to forward: expected PORT HOST:PORT, --to [ADDR]:PORT and a port of this machine, or --file.");
    }
}
