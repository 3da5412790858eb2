using System.CommandLine;
using TeredoSdk.Cli.Commands;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Cli;

/// <summary>The options of <c>teredo setup</c> and <c>teredo remove</c> for a service of a Linux machine.</summary>
sealed class ServiceOptions
{
    readonly Option<TeredoService?> _service = new("--service")
    {
        Description = "On Linux with systemd: make a command of teredo a service, with a hardened unit and an exception of the firewall for its UDP port.",
        HelpName = "server|relay|client",
        CustomParser = Values.Choice<TeredoService?>(("server", TeredoService.Server), ("relay", TeredoService.Relay), ("client", TeredoService.Client)),
    };

    readonly Option<LinuxFirewall> _firewall = new("--firewall")
    {
        Description = "The firewall that gets the exception; by default the one that is in force.",
        HelpName = "auto|firewalld|ufw|nftables|none",
        CustomParser = Values.Choice(("auto", LinuxFirewall.Auto), ("firewalld", LinuxFirewall.Firewalld), ("ufw", LinuxFirewall.Ufw),
            ("nftables", LinuxFirewall.Nftables), ("none", LinuxFirewall.None)),
    };

    readonly Argument<string[]> _arguments = new("ARGS")
    {
        Description = "With --service: the arguments of the command, behind --, such as -- --address 192.0.2.1.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public void AddTo(Command command, bool isRemoval)
    {
        _firewall.Hidden = _arguments.Hidden = isRemoval;
        command.Options.Add(_service);
        command.Options.Add(_firewall);
        command.Arguments.Add(_arguments);
    }

    /// <summary>The service that was asked for, or null.</summary>
    /// <exception cref="BadArgumentsException">There are options or arguments that only a service has.</exception>
    public TeredoService? Find(ParseResult arguments)
    {
        var service = arguments.GetValue(_service);
        if (service is null && arguments.GetValue(_arguments) is [var stray, ..])
            throw new BadArgumentsException($"'{stray}' is not a command, option or argument that is allowed here without {_service.Name}.");
        if (service is null && arguments.GetValue(_firewall) != LinuxFirewall.Auto)
            throw new BadArgumentsException($"{_firewall.Name} is an option for Linux; expected {_service.Name} as well.");
        return service;
    }

    /// <exception cref="BadArgumentsException">The service's own arguments are not valid.</exception>
    public TeredoServiceOptions Read(ParseResult arguments, TeredoService service, string? program)
    {
        string[] own = arguments.GetValue(_arguments)!;
        Command command = service switch
        {
            TeredoService.Server => new ServerCommand(),
            TeredoService.Relay => new RelayCommand(),
            _ => new ClientCommand(),
        };
        var parsed = command.Parse(own, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors is [var error, ..])
            throw new BadArgumentsException($"The arguments of teredo {command.Name}, behind --, are not valid: {error.Message}");
        int port = parsed.GetValue<int>(service == TeredoService.Client ? "--client-port" : "--port");
        return new()
        {
            Service = service,
            ProgramPath = Path.GetFullPath(program ?? Environment.ProcessPath ?? throw new BadArgumentsException("--app is missing; expected the path of teredo.")),
            Arguments = own,
            UdpPort = port == 0 ? null : port,
            Firewall = arguments.GetValue(_firewall),
        };
    }

    /// <summary>The options that say which service it is, in one form: with full paths, and nothing left to a default.</summary>
    public IEnumerable<string> ToArguments(TeredoServiceOptions options) =>
        ["setup", .. ToArguments(options.Service), "--app", options.ProgramPath, _firewall.Name, options.Firewall.ToString().ToLowerInvariant()];

    public IEnumerable<string> ToArguments(TeredoService service) => [_service.Name, service.ToString().ToLowerInvariant()];
}
