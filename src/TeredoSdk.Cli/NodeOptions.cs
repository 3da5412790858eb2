using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Cli;

/// <summary>The options of commands that need a Teredo address.</summary>
sealed class NodeOptions
{
    readonly Option<string[]> _server = new("--server", "-s")
    {
        Description = $"A Teredo server. Given several times, the next one is used when one does not answer. Without it, the servers of the environment "
            + $"variable {TeredoOptions.ServerVariable} are used.",
        HelpName = "HOST[,SECONDARY]",
        DefaultValueFactory = _ => [],
    };

    readonly Option<TeredoProvider> _provider = new("--provider")
    {
        Description = "The provider of the address.",
        HelpName = "auto|windows|interface|embedded",
        CustomParser = Values.Choice(("auto", TeredoProvider.Auto), ("windows", TeredoProvider.Windows), ("interface", TeredoProvider.Interface),
            ("embedded", TeredoProvider.Embedded)),
    };

    readonly Option<TeredoSockets> _sockets = new("--sockets")
    {
        Description = "Kernel sockets, or sockets inside the process.",
        HelpName = "auto|kernel|in-process",
        CustomParser = Values.Choice(("auto", TeredoSockets.Auto), ("kernel", TeredoSockets.Kernel), ("in-process", TeredoSockets.InProcess)),
    };

    readonly Option<TeredoDatapath> _datapath = CommonOptions.Datapath();

    readonly Option<NativeIPv6Mode> _nativeIPv6 = new("--native-ipv6")
    {
        Description = "What to do when this machine has native IPv6.",
        HelpName = "beside|instead",
        CustomParser = Values.Choice(("beside", NativeIPv6Mode.Beside), ("instead", NativeIPv6Mode.Instead)),
    };

    readonly Option<TimeSpan?> _refresh = Seconds("--refresh", "The longest time between refreshes of the NAT's mapping: 5 to 600, 30 by default.");
    readonly Option<TimeSpan?> _timeout = Seconds("--timeout", "How long to wait for an address: 1 to 600, 30 by default.");

    readonly Option<TimeSpan?> _connectTimeout =
        Seconds("--connect-timeout", "How long to wait until a peer's address answers: 1 to 600, 20 by default; 0 for as long as TCP tries.");

    readonly Option<int> _clientPort = new("--client-port")
    {
        Description = "The local UDP port that Teredo uses; 0, the default, for any port.",
        HelpName = "PORT",
        CustomParser = Values.Number(0, ushort.MaxValue),
    };

    readonly Option<bool> _requireSecondary = new("--require-secondary")
    {
        Description = "Do not use a server whose secondary address does not answer.",
    };

    readonly Option<bool> _noWait = new("--no-wait")
    {
        Description = "Fail at once when this machine has no IPv4 network, instead of waiting for one.",
    };

    readonly Option<IPAddress?> _gateway = new("--gateway")
    {
        Description = "The router to ask for a port mapping; by default the next hop of the default route.",
        HelpName = "ADDRESS",
        CustomParser = Values.IPv4,
    };

    readonly Option<string?> _capture = new("--capture")
    {
        Description = "Write all packets, outside and inside the tunnel, to a pcap file.",
        HelpName = "FILE",
    };

    readonly Option<bool> _allowPrivate = CommonOptions.AllowPrivate();

    bool _waits;

    /// <summary>
    /// Whether the person who gave the command has asked for strangers to get in. On Windows an administrator's command then adds a firewall exception
    /// while it listens, and says so.
    /// </summary>
    public bool LetsStrangersIn { get; init; }

    /// <summary>For a command that is started at boot: by default it waits for a network.</summary>
    public void AddWaitTo(Command command)
    {
        _waits = true;
        command.Options.Add(_noWait);
    }

    /// <summary>For a command that connects to peers.</summary>
    public void AddConnectTo(Command command) => command.Options.Add(_connectTimeout);

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _server, _provider, _sockets, _nativeIPv6, _refresh, _timeout, _clientPort, _gateway, _requireSecondary, _datapath, _capture, _allowPrivate,
        ];
        foreach (var option in options)
            command.Options.Add(option);
    }

    /// <summary>Adds only the options that concern every Teredo client.</summary>
    public void AddClientTo(Command command)
    {
        foreach (Option option in new Option[] { _server, _refresh, _timeout, _clientPort, _gateway, _requireSecondary, _datapath, _capture, _allowPrivate })
            command.Options.Add(option);
    }

    /// <summary>Starts a node and waits for its address. Shows on stderr that the command is waiting.</summary>
    /// <exception cref="BadArgumentsException">An option is outside its range.</exception>
    /// <exception cref="TeredoException">There is no address; the message says why, and what to do.</exception>
    public async Task<TeredoNode> StartAsync(Invocation invocation)
    {
        var options = Read(invocation.Arguments, invocation.Logs);
        var node = await invocation.WaitAsync("asking for a Teredo address", TeredoNode.StartAsync(options, invocation.Ended));
        invocation.Logs.Level = invocation.IsVerbose ? LogLevel.Debug : LogLevel.Warning;
        return node;
    }

    /// <summary>Reads the options. Options that the command does not have keep their defaults.</summary>
    /// <exception cref="BadArgumentsException">An option is outside its range.</exception>
    public TeredoOptions Read(ParseResult arguments, ILoggerFactory logs)
    {
        var options = new TeredoOptions
        {
            Servers = arguments.GetValue(_server)!,
            Provider = arguments.GetValue(_provider),
            Sockets = arguments.GetValue(_sockets),
            NativeIPv6 = arguments.GetValue(_nativeIPv6),
            ClientPort = arguments.GetValue(_clientPort),
            PortMappingGateway = arguments.GetValue(_gateway),
            RequireSecondary = arguments.GetValue(_requireSecondary),
            Datapath = arguments.GetValue(_datapath),
            CaptureFile = arguments.GetValue(_capture),
            AllowPrivateAddresses = arguments.GetValue(_allowPrivate),
            WaitForNetwork = _waits && !arguments.GetValue(_noWait),
            RegisterFirewallException = LetsStrangersIn ? true : null,
            LoggerFactory = logs,
        };
        options.RefreshInterval = arguments.GetValue(_refresh) ?? options.RefreshInterval;
        options.QualificationTimeout = arguments.GetValue(_timeout) ?? options.QualificationTimeout;
        options.ConnectTimeout = arguments.GetValue(_connectTimeout) ?? options.ConnectTimeout;
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

    static Option<TimeSpan?> Seconds(string name, string description)
    {
        var parse = Values.Seconds(0, 1e6); // TeredoOptions checks the range
        return new(name) { Description = description, HelpName = "SECONDS", CustomParser = result => parse(result) };
    }
}
