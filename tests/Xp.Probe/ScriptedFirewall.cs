using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace TeredoSdk.Xp.Probe;

/// <summary>The firewall of Windows XP behind the interfaces of <c>HNetCfg</c>, which prints what is added, changed and removed.</summary>
/// <remarks>
/// <c>firewall=off</c>, <c>no-exceptions</c>, <c>absent</c>, <c>denied</c> (rights are missing to change it), <c>stopped</c> (no service),
/// <c>forgets</c>; <c>exception</c> is the name of one for UDP port 3544, with <c>exception-off</c>, <c>exception-subnet</c> or
/// <c>exception-built-in</c>; <c>program-exception</c> is the name of one for the program <c>program</c>, with <c>exception-off</c>.
/// </remarks>
sealed class ScriptedFirewall : INetFwMgr, INetFwPolicy, INetFwProfile, INetFwOpenPorts, INetFwAuthorizedApplications
{
    const int NotFound = unchecked((int)0x80070002), AccessDenied = unchecked((int)0x80070005), NotRegistered = unchecked((int)0x800706d9);

    readonly Script _script;
    readonly List<INetFwOpenPort> _ports = [];
    readonly List<INetFwAuthorizedApplication> _programs = [];

    public ScriptedFirewall(Script script)
    {
        _script = script;
        // One that must never be taken for the other: the same number for TCP.
        _ports.Add(new OpenPort { Name = "Of TCP", Port = 3544, Enabled = true });
        if (script.Text("exception") is { } name)
        {
            _ports.Add(new OpenPort
            {
                Name = name,
                Port = 3544,
                Protocol = XpProtocol.Udp,
                Enabled = !script.Has("exception-off"),
                Scope = script.Has("exception-subnet") ? NetFwScope.LocalSubnet : NetFwScope.All,
                BuiltIn = script.Has("exception-built-in"),
            });
        }
        if (script.Text("program-exception") is { } programName)
            _programs.Add(new AllowedProgram { Name = programName, ProcessImageFileName = script.Text("program")!, Enabled = !script.Has("exception-off") });
    }

    public INetFwPolicy LocalPolicy => this;

    public INetFwProfile CurrentProfile => _script.Text("firewall") == "stopped" ? throw Failure(NotRegistered) : this;

    public int Type => 1;

    public bool FirewallEnabled
    {
        get => _script.Text("firewall") != "off";
        set => throw NeverSet();
    }

    public bool ExceptionsNotAllowed
    {
        get => _script.Text("firewall") == "no-exceptions";
        set => throw NeverSet();
    }

    public bool NotificationsDisabled
    {
        get => throw NeverSet();
        set => throw NeverSet();
    }

    public bool UnicastResponsesToMulticastBroadcastDisabled
    {
        get => throw NeverSet();
        set => throw NeverSet();
    }

    public IntPtr RemoteAdminSettings => throw NeverSet();

    public IntPtr IcmpSettings => throw NeverSet();

    public INetFwOpenPorts GloballyOpenPorts => this;

    public IntPtr Services => throw NeverSet();

    public INetFwAuthorizedApplications AuthorizedApplications => this;

    int INetFwOpenPorts.Count => _ports.Count;

    int INetFwAuthorizedApplications.Count => _programs.Count;

    public object Create(string progId) => _script.Text("firewall") == "absent" ? new WindowsSystem().CreateComObject(progId)
        : progId == "HNetCfg.FwMgr" ? this
        : progId == "HNetCfg.FwOpenPort" ? new OpenPort()
        : progId == "HNetCfg.FwAuthorizedApplication" ? new AllowedProgram()
        : throw new InvalidOperationException($"An object that nobody should ask for: {progId}.");

    public void Add(INetFwOpenPort port) => Add(_ports, port);

    public void Add(INetFwAuthorizedApplication program) => Add(_programs, program);

    public void Remove(int portNumber, XpProtocol protocol)
    {
        CheckRights();
        Item(portNumber, protocol, out var port);
        Console.WriteLine($"removed {port}");
        _ports.Remove(port!);
    }

    public void Remove(string imageFileName)
    {
        CheckRights();
        Item(imageFileName, out var program);
        Console.WriteLine($"removed {program}");
        _programs.Remove(program!);
    }

    // Paths are found whatever the case of their letters.
    public int Item(string imageFileName, out INetFwAuthorizedApplication? program)
    {
        program = _programs.SingleOrDefault(allowed => allowed.ProcessImageFileName.Equals(imageFileName, StringComparison.OrdinalIgnoreCase));
        return program is null ? NotFound : 0;
    }

    public int Item(int portNumber, XpProtocol protocol, out INetFwOpenPort? port)
    {
        port = _ports.SingleOrDefault(open => open.Port == portNumber && open.Protocol == protocol);
        return port is null ? NotFound : 0;
    }

    public void Print()
    {
        _ports.Skip(1).ToList().ForEach(port => Console.WriteLine($"port {port}"));
        _programs.ForEach(program => Console.WriteLine($"program {program}"));
    }

    void Add<T>(List<T> list, T added)
    {
        CheckRights();
        Console.WriteLine($"added {added}");
        if (_script.Text("firewall") != "forgets")
            list.Add(added);
    }

    void CheckRights()
    {
        if (_script.Text("firewall") == "denied")
            throw Failure(AccessDenied);
    }

    static Exception Failure(int result) => Marshal.GetExceptionForHR(result);

    static InvalidOperationException NeverSet() => new("A member that nobody should touch.");

    /// <summary>A port with the defaults of the real one: TCP, everybody, on.</summary>
    sealed class OpenPort : INetFwOpenPort
    {
        public string Name { get; set; } = "";
        public int IpVersion { get; set; } = 2;
        public XpProtocol Protocol { get; set; } = XpProtocol.Tcp;
        public int Port { get; set; }
        public NetFwScope Scope { get; set; } = NetFwScope.All;
        public string RemoteAddresses { get; set; } = "*";
        public bool Enabled { get; set; } = true;
        public bool BuiltIn { get; set; }

        public override string ToString() => $"'{Name}' {Protocol} {Port} {Scope} {(Enabled ? "on" : "off")}";
    }

    /// <summary>A program with the defaults of the real one: everybody, on.</summary>
    sealed class AllowedProgram : INetFwAuthorizedApplication
    {
        public string Name { get; set; } = "";
        public string ProcessImageFileName { get; set; } = "";
        public int IpVersion { get; set; } = 2;
        public NetFwScope Scope { get; set; } = NetFwScope.All;
        public string RemoteAddresses { get; set; } = "*";
        public bool Enabled { get; set; } = true;

        public override string ToString() => $"'{Name}' {ProcessImageFileName} {Scope} {(Enabled ? "on" : "off")}";
    }
}
