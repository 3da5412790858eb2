using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace TeredoSdk.Xp.Probe;

/// <summary>Runs one scenario of TeredoSdk.Xp and prints what came of it, one line for each thing, for tests to read.</summary>
static class Program
{
    static int Main(string[] arguments)
    {
        var script = new Script(arguments.Skip(1));
        using var system = new ScriptedSystem(script);
        try
        {
            Run(arguments[0], [.. arguments.Skip(1)], system, script);
        }
        catch (XpTeredoException e)
        {
            Console.WriteLine($"error {e.Error}: {e.Message}");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or OperationCanceledException)
        {
            Console.WriteLine($"threw {e.GetType().Name}: {e.Message}");
        }
        system.PrintPorts();
        return 0;
    }

    static void Run(string scenario, string[] arguments, ScriptedSystem system, Script script)
    {
        var teredo = new XpTeredo(system);
        switch (scenario)
        {
            case "prepare": Prepare(teredo, system, script); break;
            case "open": Console.WriteLine($"opened {teredo.OpenPort(Protocol(script), Port(script), Name(script), Consent(script))}"); break;
            case "close": Console.WriteLine($"closed {teredo.ClosePort(Protocol(script), Port(script), Name(script))}"); break;
            case "allow": Console.WriteLine($"allowed {teredo.AllowProgram(script.Text("program")!, Name(script), Consent(script))}"); break;
            case "disallow": Console.WriteLine($"disallowed {teredo.DisallowProgram(script.Text("program")!, Name(script))}"); break;
            case "wait": Console.WriteLine($"address {teredo.WaitForAddress(Timeout(script), system.Cancellation)}"); break;
            case "is-teredo": Print(arguments.Select(text => $"{XpTeredo.IsTeredoAddress(IPAddress.Parse(text))}")); break;
            case "command-line": Console.WriteLine(Netsh.CommandLine(arguments)); break;
            case "parse": Console.WriteLine(Parse(Console.In.ReadToEnd())); break;
            case "real": Real(arguments[0]); break;
            default: throw new ArgumentException($"There is no scenario '{scenario}'.");
        }
    }

    static void Prepare(XpTeredo teredo, ScriptedSystem system, Script script)
    {
        var options = new XpTeredoOptions { Server = script.Text("want-server"), UdpPort = script.Number("want-port") };
        options.OpenTeredoPort = !script.Has("leave-port");
        options.TcpPort = script.Number("want-tcp");
        options.ProgramPath = script.Text("program");
        options.ExceptionName = script.Text("name") ?? options.ExceptionName;
        options.AddressTimeout = Timeout(script);
        var report = teredo.Prepare(options, Consent(script), system.Cancellation);
        foreach (var step in report.Steps)
            Console.WriteLine($"step {step}");
        Console.WriteLine($"address {report.Address?.ToString() ?? "none"} restart {report.RestartRequired}");
    }

    // This machine, whatever it is.
    static void Real(string part)
    {
        var teredo = new XpTeredo();
        switch (part)
        {
            case "ipv6": Console.WriteLine($"ipv6 {teredo.IsIPv6Installed} {Socket.OSSupportsIPv6}"); break;
            case "addresses": Print(new WindowsSystem().Addresses.Select(address => address.ToString())); break;
            case "netsh": Console.WriteLine(new WindowsSystem().RunNetsh(Netsh.ShowTeredo)); break;
            case "ports": Ports(new WindowsSystem()); break;
            case "com": teredo.OpenPort(XpProtocol.Udp, 3544, "Teredo", _ => true); break;
            case "wait": Console.WriteLine($"address {teredo.WaitForAddress(TimeSpan.FromMilliseconds(600))}"); break;
            case "cancel": Cancel(teredo); break;
            case "unrestricted": SetUnrestricted(AddressFamily.InterNetworkV6, binds: false); break;
            case "unrestricted-bound": SetUnrestricted(AddressFamily.InterNetworkV6, binds: true); break;
            case "unrestricted-ipv4": SetUnrestricted(AddressFamily.InterNetwork, binds: false); break;
            default: throw new ArgumentException($"There is no real '{part}'.");
        }
    }

    static void Ports(WindowsSystem system)
    {
        int port = system.ProposedUdpPort;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        Console.WriteLine($"proposed {port} free {system.IsUdpPortFree(port)}");
    }

    static void Cancel(XpTeredo teredo)
    {
        using var cancellation = new CancellationTokenSource();
        using var timer = new Timer(_ => cancellation.Cancel(), null, 100, System.Threading.Timeout.Infinite);
        teredo.WaitForAddress(TimeSpan.FromMinutes(1), cancellation.Token);
    }

    static void SetUnrestricted(AddressFamily family, bool binds)
    {
        using var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (binds)
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        XpTeredo.SetUnrestricted(socket);
        Console.WriteLine("unrestricted");
    }

    static string Parse(string output)
    {
        var shown = Netsh.Parse(output);
        return $"type '{shown.Type}' server '{shown.Server}' port '{shown.ClientPort}' client {shown.IsClientOf(null)} fixed {shown.FixedPort?.ToString() ?? "no"}";
    }

    // "consent=yes", "consent=no", or the one kind that is refused; without it there is no callback.
    static Func<XpConsentRequest, bool>? Consent(Script script) => script.Text("consent") is not { } answer ? null : request =>
    {
        Console.WriteLine($"asked {request.Kind}: {request.Question} [{request.Command}]");
        return answer != "no" && answer != request.Kind.ToString();
    };

    static void Print(IEnumerable<string> words) => Console.WriteLine(string.Join(" ", words.ToArray()));

    static TimeSpan Timeout(Script script) => TimeSpan.FromSeconds(script.Number("timeout") ?? 30);

    static XpProtocol Protocol(Script script) => (XpProtocol)(script.Number("protocol") ?? (int)XpProtocol.Udp);

    static int Port(Script script) => script.Number("want-port") ?? 3544;

    static string Name(Script script) => script.Text("name") ?? new XpTeredoOptions().ExceptionName;
}
