using System.CommandLine;
using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo relay</c>: runs a Teredo relay until a signal ends it.</summary>
sealed class RelayCommand : Command
{
    readonly Option<string?> _interface = new("--interface")
    {
        Description = "The network device of a relay for other hosts. Without it, the relay is host-specific: it serves only this machine's own addresses.",
        HelpName = "NAME",
    };

    readonly Option<IPAddress> _address = new("--address")
    {
        Description = "The IPv4 address of this machine from which the relay talks to Teredo clients.",
        HelpName = "A",
        Required = true,
        CustomParser = Values.IPv4,
    };

    readonly Option<int> _port = new("--port")
    {
        Description = "The UDP port; 0, the default, for any port.",
        HelpName = "P",
        CustomParser = Values.Number(0, ushort.MaxValue),
    };

    readonly Option<IPNetwork[]> _prefix = new("--prefix")
    {
        Description = "An IPv6 prefix that a relay for other hosts serves; may be given several times. Without it, all of native IPv6, 2000::/3.",
        HelpName = "P/L",
        DefaultValueFactory = _ => [],
        CustomParser = Values.Prefixes,
    };

    readonly Option<TeredoDatapath> _datapath = CommonOptions.Datapath();
    readonly Option<bool> _allowPrivate = CommonOptions.AllowPrivate();

    public RelayCommand() : base("relay",
        """
        Run a Teredo relay between native IPv6 and Teredo clients, until Ctrl-C or SIGTERM. Linux, with CAP_NET_ADMIN. A relay for other hosts
        needs net.ipv6.conf.all.forwarding, which it does not change. Prints "relaying on A:PORT over NAME" to stderr; with --json the one document
        comes at that time, too.
        """)
    {
        Add(_interface);
        Add(_address);
        Add(_port);
        Add(_prefix);
        Add(_datapath);
        Add(_allowPrivate);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        if (!OperatingSystem.IsLinux())
            throw new TeredoException(TeredoError.NotSupported, "A Teredo relay runs only on Linux.");
        invocation.Logs.Level = invocation.IsVerbose ? LogLevel.Trace : LogLevel.Warning;
        await using var relay = await StartAsync(invocation);
        var report = relay.Report;
        invocation.Output.Document(RelayDocument.Of(report)!, json => json.RelayDocument);
        if (report.Problem is { } problem)
            Output.Notice(problem);
        Output.Notice(report.EndPoint is { } endPoint ? $"relaying on {endPoint} over {report.InterfaceName} for {string.Join(", ", report.Served)}"
            : $"waiting for native IPv6 before relaying over {report.InterfaceName}");
        ServiceManager.TellReady();
        _ = StartMemory.GiveBackAsync(invocation.Ended);
        await await Task.WhenAny(invocation.UntilEndedAsync(), relay.Completion);
        return 0;
    }

    [SupportedOSPlatform("linux")]
    async Task<TeredoRelayHost> StartAsync(Invocation invocation)
    {
        var arguments = invocation.Arguments;
        try
        {
            return await TeredoRelayHost.StartAsync(new()
            {
                Address = arguments.GetValue(_address),
                Port = arguments.GetValue(_port),
                InterfaceName = arguments.GetValue(_interface),
                Prefixes = arguments.GetValue(_prefix)!,
                AllowPrivateAddresses = arguments.GetValue(_allowPrivate),
                Datapath = arguments.GetValue(_datapath),
                LoggerFactory = invocation.Logs,
            }, invocation.Ended);
        }
        catch (ArgumentException e)
        {
            throw new BadArgumentsException(Wording.Of(e));
        }
    }
}
