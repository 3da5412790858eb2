using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using TeredoSdk.Cli.Json;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo server</c>: runs a Teredo server until a signal ends it.</summary>
sealed class ServerCommand : Command
{
    readonly Option<IPAddress> _address = new("--address")
    {
        Description = "The primary IPv4 address, which must be public and belong to this machine.",
        HelpName = "A",
        Required = true,
        CustomParser = Values.IPv4,
    };

    readonly Option<IPAddress> _secondary = new("--secondary-address")
    {
        Description = "Another IPv4 address of this machine, preferably A + 1. Without it, no client can check how its NAT maps ports.",
        HelpName = "B",
        CustomParser = Values.IPv4,
    };

    readonly Option<IPAddress> _reflect = new("--reflect-address")
    {
        Description = "A third IPv4 address of this machine. From there, clients that ask with teredo status --reflect get a packet of a stranger "
            + $"(UDP ports {TeredoPorts.Reflector} and {TeredoPorts.OtherReflector}). Off by default.",
        HelpName = "C",
        CustomParser = Values.IPv4,
    };

    readonly Option<int> _port = new("--port")
    {
        Description = $"The UDP port, {TeredoPorts.Server} by default. Another port is for laboratories: clients always use port "
            + $"{TeredoPorts.Server}.",
        HelpName = "PORT",
        DefaultValueFactory = _ => TeredoPorts.Server,
        CustomParser = Values.Number(1, ushort.MaxValue),
    };

    readonly Option<Switch> _rateLimits = new("--rate-limits")
    {
        Description = "Whether to limit what one host can make the server send; on by default.",
        HelpName = "on|off",
        CustomParser = Values.Choice(("on", Switch.On), ("off", Switch.Off)),
    };

    readonly Option<RateLimit> _answers = Limit("--answer-limit", "answers to one client", Defaults.AnswersPerEndpoint);
    readonly Option<RateLimit> _addressAnswers = Limit("--address-answer-limit", "answers to one IPv4 address", Defaults.AnswersPerAddress);
    readonly Option<RateLimit> _forwards = Limit("--forward-limit", "packets forwarded for one client", Defaults.ForwardsPerEndpoint);
    readonly Option<RateLimit> _addressForwards = Limit("--address-forward-limit", "packets forwarded for one IPv4 address", Defaults.ForwardsPerAddress);
    readonly Option<RateLimit> _destinations = Limit("--destination-limit", "packets forwarded to one destination", Defaults.ForwardsPerDestination);
    readonly Option<RateLimit> _fairShare = Limit("--fair-share",
        "what one IPv4 address may send to one destination before it counts as too much", Defaults.FairShare);
    readonly Option<int> _shards = new("--shards")
    {
        Description = "How many threads share the work, each with a socket at each address, 1 by default. Linux. The rate limits hold for all together.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
        CustomParser = Values.Number(1, 64),
    };

    readonly Option<TeredoDatapath> _datapath = CommonOptions.Datapath();
    readonly Option<bool> _allowPrivate = CommonOptions.AllowPrivate();

    static ServerRateLimits Defaults { get; } = new();

    public ServerCommand() : base("server",
        """
        Run a Teredo server, as an ordinary user, until Ctrl-C or SIGTERM. Forwarding to native
        IPv6 needs CAP_NET_RAW and is off without it. Prints "serving on A:PORT" to
        stderr when it serves; with --json the one document comes at that time, too.
        """)
    {
        Add(_address);
        Add(_secondary);
        Add(_reflect);
        Add(_port);
        Add(_rateLimits);
        foreach (var limit in new[] { _answers, _addressAnswers, _forwards, _addressForwards, _destinations, _fairShare })
            Add(limit);
        Add(_shards);
        Add(_datapath);
        Add(_allowPrivate);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        invocation.Logs.Level = invocation.IsVerbose ? LogLevel.Trace : LogLevel.Warning;
        await using var server = await StartAsync(invocation);
        var report = server.Report;
        invocation.Output.Document(new ServerDocument(report.EndPoint, report.SecondaryEndPoint, report.ReflectEndPoint, IsLimited(invocation.Arguments),
            report.ForwardsToNativeIPv6), json => json.ServerDocument);
        if (report.Problem is { } problem)
            Output.Notice(problem);
        string more = report.SecondaryEndPoint is { } secondary ? $" and {secondary}" : ", without a secondary address";
        Output.Notice($"serving on {report.EndPoint}{more}");
        ServiceManager.TellReady();
        _ = StartMemory.GiveBackAsync(invocation.Ended);
        await invocation.UntilEndedAsync();
        return 0;
    }

    async Task<TeredoServerHost> StartAsync(Invocation invocation)
    {
        try
        {
            return await TeredoServerHost.StartAsync(Read(invocation.Arguments, invocation.Logs), invocation.Ended);
        }
        catch (ArgumentException e)
        {
            string sentence = Wording.Of(e).Replace("Primary", _address.Name).Replace("Secondary ", $"{_secondary.Name} "); // the names that the core uses
            throw new BadArgumentsException(sentence.Replace("Address is ", $"{_address.Name} is ").Replace(" than Address", $" than {_address.Name}"));
        }
    }

    /// <summary>Reads the options.</summary>
    internal TeredoServerHostOptions Read(ParseResult arguments, ILoggerFactory logs) => new()
    {
        Address = arguments.GetValue(_address),
        SecondaryAddress = arguments.GetValue(_secondary),
        ReflectAddress = arguments.GetValue(_reflect),
        Port = arguments.GetValue(_port),
        RateLimits = IsLimited(arguments) ? Limits(arguments) : null,
        AllowPrivateAddresses = arguments.GetValue(_allowPrivate),
        Shards = arguments.GetValue(_shards),
        Datapath = arguments.GetValue(_datapath),
        LoggerFactory = logs,
    };

    bool IsLimited(ParseResult arguments) => arguments.GetValue(_rateLimits) == Switch.On;

    ServerRateLimits Limits(ParseResult arguments) => new()
    {
        AnswersPerEndpoint = arguments.GetValue(_answers),
        AnswersPerAddress = arguments.GetValue(_addressAnswers),
        ForwardsPerEndpoint = arguments.GetValue(_forwards),
        ForwardsPerAddress = arguments.GetValue(_addressForwards),
        ForwardsPerDestination = arguments.GetValue(_destinations),
        FairShare = arguments.GetValue(_fairShare),
    };

    static Option<RateLimit> Limit(string name, string what, RateLimit byDefault) => new(name)
    {
        Description = $"The rate limit: {what}, per second and at once; {byDefault.PerSecond}:{byDefault.Burst} by default.",
        HelpName = "RATE:BURST",
        DefaultValueFactory = _ => byDefault,
        CustomParser = Values.Limit,
    };
}
