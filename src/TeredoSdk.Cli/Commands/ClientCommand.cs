using System.CommandLine;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo client</c>: makes a Teredo interface for the whole machine, and keeps it until a signal ends the command.</summary>
sealed class ClientCommand : Command
{
    readonly Option<string> _interface = new("--interface")
    {
        Description = "The name of the network device, \"teredo\" by default.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "teredo",
    };

    readonly Option<NativeIPv6Mode> _nativeIPv6 = new("--native-ipv6")
    {
        Description = "What to do when this machine has native IPv6. By default it becomes a host-specific relay instead of a client (RFC 4380 §5.5).",
        HelpName = "beside|instead",
        DefaultValueFactory = _ => NativeIPv6Mode.Instead,
        CustomParser = Values.Choice(("beside", NativeIPv6Mode.Beside), ("instead", NativeIPv6Mode.Instead)),
    };

    readonly NodeOptions _node = new();

    public ClientCommand() : base("client",
        """
        Make a Teredo interface for the whole machine, like miredo's, until Ctrl-C or SIGTERM. Every program can use the address, and the machine's
        firewall decides who gets in. Linux, with CAP_NET_ADMIN. Prints "interface NAME has ADDR" to stderr when it is up; with --json the one
        document comes at that time, too.
        """)
    {
        Add(_interface);
        Add(_nativeIPv6);
        _node.AddClientTo(this);
        _node.AddWaitTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new TeredoException(TeredoError.NotSupported,
                "A Teredo interface for the whole machine can be made only on Linux. \"teredo listen\" and \"teredo connect\" need no such interface.");
        }
        await using var host = await StartAsync(invocation);
        invocation.Logs.Level = invocation.IsVerbose ? LogLevel.Debug : LogLevel.Warning;
        invocation.Output.Document(new ClientDocument(host.InterfaceName, host.Report, RelayDocument.Of(host.Relay)), json => json.ClientDocument);
        Output.Notice(host.Address is { } address ? $"interface {host.InterfaceName} has {address}" : Relaying(host.InterfaceName));
        _ = StartMemory.GiveBackAsync(invocation.Ended, TeredoNode.Rehearse);
        await await Task.WhenAny(TellAsync(host, invocation.Ended), host.Completion);
        return 0;
    }

    [SupportedOSPlatform("linux")]
    static async Task TellAsync(TeredoInterfaceHost host, CancellationToken ended)
    {
        try
        {
            await foreach (var change in host.StateChanges.WithCancellation(ended))
                Output.Notice(Describe(host.InterfaceName, change));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // A signal has ended the command, which is the usual end.
        }
    }

    [SupportedOSPlatform("linux")]
    async Task<TeredoInterfaceHost> StartAsync(Invocation invocation)
    {
        var options = new TeredoInterfaceHostOptions
        {
            Client = _node.Read(invocation.Arguments, invocation.Logs),
            InterfaceName = invocation.Arguments.GetValue(_interface)!,
            NativeIPv6 = invocation.Arguments.GetValue(_nativeIPv6),
        };
        try
        {
            return await invocation.WaitAsync("asking for a Teredo address", TeredoInterfaceHost.StartAsync(options, invocation.Ended));
        }
        catch (ArgumentException e)
        {
            throw new BadArgumentsException(Wording.Of(e));
        }
    }

    static string Relaying(string name) => $"interface {name} is a host-specific relay: this machine has native IPv6";

    static string Describe(string name, TeredoStateChange change) => change.Kind switch
    {
        TeredoStateChangeKind.Relay => Relaying(name),
        TeredoStateChangeKind.Lost => $"interface {name} lost {change.PreviousAddress}",
        _ => $"interface {name} has {change.Address}",
    };
}
