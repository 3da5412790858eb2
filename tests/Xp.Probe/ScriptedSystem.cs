using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;

namespace TeredoSdk.Xp.Probe;

/// <summary>A Windows XP as a test wants it, which prints what is done to it. Its clock moves only when somebody waits.</summary>
/// <remarks>
/// <c>ipv6=missing</c>, <c>old-process</c> (no IPv6 when this process started), <c>type</c>, <c>server</c>, <c>client-port</c>,
/// <c>netsh=lies</c> (succeeds, does nothing), <c>netsh=no-port</c> (knows no port) or <c>netsh=slow</c> (IPv6 comes seconds later), <c>address</c>, <c>address-after</c> (seconds),
/// <c>cancel-after</c> (seconds), <c>taken-port</c>, <c>no-program</c>, and those of <see cref="ScriptedFirewall"/>.
/// </remarks>
sealed class ScriptedSystem : IXpSystem, IDisposable
{
    readonly Script _script;
    readonly ScriptedFirewall _firewall;
    readonly CancellationTokenSource _cancellation = new();
    TimeSpan? _ipv6Since;
    string _type, _server, _clientPort;

    public ScriptedSystem(Script script)
    {
        _script = script;
        _firewall = new ScriptedFirewall(script);
        _ipv6Since = script.Text("ipv6") == "missing" ? null : TimeSpan.Zero;
        _type = script.Text("type") ?? "disabled";
        _server = script.Text("server") ?? "teredo.ipv6.microsoft.com";
        _clientPort = script.Text("client-port") ?? "default";
    }

    public CancellationToken Cancellation => _cancellation.Token;

    public bool RuntimeHasIPv6 => !_script.Has("old-process");

    public bool CanOpenIPv6Socket => _ipv6Since <= Now;

    public IEnumerable<IPAddress> Addresses
    {
        get
        {
            yield return IPAddress.Parse("192.0.2.1");
            if (CanOpenIPv6Socket)
                yield return IPAddress.Parse("fe80::1");
            if (_script.Text("address") is { } address && Now.TotalSeconds >= (_script.Number("address-after") ?? 0))
                yield return IPAddress.Parse(address);
        }
    }

    public int ProposedUdpPort => 50123;

    public TimeSpan Now { get; private set; }

    public void Wait(TimeSpan duration, CancellationToken cancellation)
    {
        Now += duration;
        if (Now.TotalSeconds >= (_script.Number("cancel-after") ?? int.MaxValue))
            _cancellation.Cancel();
    }

    public bool IsUdpPortFree(int port) => _script.Number("taken-port") != port;

    public bool FileExists(string path) => !_script.Has("no-program");

    public string RunNetsh(string arguments)
    {
        Console.WriteLine($"ran netsh {arguments}");
        string[] words = arguments.Split(' ');
        if (words[2] == "show")
            return Shown();
        if (_script.Text("netsh") == "lies")
            return "Ok.\r\n";

        if (words[2] == "install")
            _ipv6Since = Now + TimeSpan.FromSeconds(_script.Text("netsh") == "slow" ? 5 : 0);
        else
            Enable(words);
        return "Ok.\r\n";
    }

    public object CreateComObject(string progId) => _firewall.Create(progId);

    /// <summary>Prints the open ports, but for the one of TCP that is always there.</summary>
    public void PrintPorts() => _firewall.Print();

    public void Dispose() => _cancellation.Dispose();

    void Enable(string[] words)
    {
        _type = words[4];
        foreach (string word in words.Skip(5))
        {
            const string tag = "clientport=";
            if (!word.StartsWith(tag, StringComparison.Ordinal))
                _server = word;
            else if (_script.Text("netsh") != "no-port")
                _clientPort = word.Substring(tag.Length);
        }
    }

    // As in a German Windows: only the values are to be read.
    string Shown() => !CanOpenIPv6Socket ? "\r\n" : $"""

        Teredo-Parameter
        ---------------------------------------------
        Typ                            : {_type}
        Servername                     : {_server}
        Clientaktualisierungsintervall : 30 Sekunden
        Clientport                     : {_clientPort}
        Status                         : offline


        """.Replace("\n", "\r\n");
}
