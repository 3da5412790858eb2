using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using TeredoSdk.Cli.Json;
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

    readonly Option<bool> _allowPrivate = CommonOptions.AllowPrivate();

    public ServerCommand() : base("server",
        """
        Run a Teredo server, as an ordinary user, until Ctrl-C or SIGTERM. Forwarding to native
        IPv6 needs CAP_NET_RAW and is off without it. Prints "serving on A:PORT" to
        stderr when it serves; with --json the one document comes at that time, too.
        """)
    {
        Add(_address);
        Add(_secondary);
        Add(_port);
        Add(_rateLimits);
        Add(_allowPrivate);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        invocation.Logs.Level = invocation.IsVerbose ? LogLevel.Trace : LogLevel.Warning;
        bool rateLimits = invocation.Arguments.GetValue(_rateLimits) == Switch.On;
        await using var server = await StartAsync(invocation, rateLimits);
        var report = server.Report;
        invocation.Output.Document(new ServerDocument(report.EndPoint, report.SecondaryEndPoint, rateLimits, report.ForwardsToNativeIPv6),
            json => json.ServerDocument);
        if (report.Problem is { } problem)
            Output.Notice(problem);
        string more = report.SecondaryEndPoint is { } secondary ? $" and {secondary}" : ", without a secondary address";
        Output.Notice($"serving on {report.EndPoint}{more}");
        await invocation.UntilEndedAsync();
        return 0;
    }

    async Task<TeredoServerHost> StartAsync(Invocation invocation, bool rateLimits)
    {
        var arguments = invocation.Arguments;
        try
        {
            return await TeredoServerHost.StartAsync(new()
            {
                Address = arguments.GetValue(_address),
                SecondaryAddress = arguments.GetValue(_secondary),
                Port = arguments.GetValue(_port),
                RateLimits = rateLimits,
                AllowPrivateAddresses = arguments.GetValue(_allowPrivate),
                LoggerFactory = invocation.Logs,
            }, invocation.Ended);
        }
        catch (ArgumentException e)
        {
            string sentence = Wording.Of(e).Replace("Primary", _address.Name).Replace("Secondary ", $"{_secondary.Name} "); // the names that the core uses
            throw new BadArgumentsException(sentence.Replace("Address is ", $"{_address.Name} is ").Replace(" than Address", $" than {_address.Name}"));
        }
    }
}
