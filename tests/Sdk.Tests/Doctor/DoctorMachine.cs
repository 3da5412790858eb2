using TeredoSdk.Doctor;
using TeredoSdk.Links.Windows;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Doctor;

/// <summary>A Windows that a doctor looks at. As it is made, nothing is wrong with it: its Teredo is on, and a program has its exception.</summary>
sealed class DoctorMachine
{
    public const string Program = @"C:\Games\Game.exe";
    public const string Policy = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition\Teredo_State";
    public const string PolicyServer = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition\Teredo_ServerName";
    public const string DisabledComponents = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\DisabledComponents";
    public const string TypeInRegistry = @"SYSTEM\CurrentControlSet\Services\iphlpsvc\Teredo\Type";

    TimeSpan _patience = Patience.Limit;

    public DoctorMachine(Lab lab, Version? version = null)
    {
        Host = lab.Network.Host("192.0.2.77");
        Windows = new(version) { ProgramPath = Program };
        Type = TeredoType.EnterpriseClient;
        Teredo.Configuration = Teredo.Configuration with { ServerName = Lab.ServerAddress };
        Windows.Files[Program] = true;
        Firewall.PlantWindowsRules();
        Firewall.Plant(Exception);
        Node = new()
        {
            Provider = TeredoProvider.Windows,
            Windows = Windows,
            Servers = [Lab.ServerAddress],
            AllowPrivateAddresses = true,
        };
    }

    /// <summary>The exception that the program has.</summary>
    public static FirewallRule Exception { get; } = new() { Name = "Game", ProgramPath = Program, Enabled = true, EdgeTraversal = EdgeTraversal.Allow };

    public FakeWindows Windows { get; private set; }

    public FakeTeredo Teredo => Windows.Teredo;

    public FakeFirewall Firewall => Windows.Firewall;

    /// <summary>The settings of the node that the doctor would start.</summary>
    public TeredoOptions Node { get; }

    /// <summary>The machine on the network of the lab.</summary>
    public MemoryNetwork.MemoryHost Host { get; }

    /// <summary>The program that the doctor judges.</summary>
    public string Judged { get; set; } = Program;

    public TeredoType Type
    {
        set => Teredo.Configuration = Teredo.Configuration with { Type = value };
    }

    /// <summary>The client never gets its address, so that the wait for it may be short.</summary>
    public void NeverQualifies(FakeTeredoNetwork network = FakeTeredoNetwork.ServerSilent)
    {
        Teredo.Network = network;
        WaitsInVain();
    }

    /// <summary>The client goes offline when it is woken, with an error in the English words of netsh.</summary>
    public void GoesOffline(string error)
    {
        Teredo.OfflineError = error;
        NeverQualifies(FakeTeredoNetwork.Offline);
    }

    /// <summary>What is waited for never comes: nobody needs to wait long.</summary>
    public void WaitsInVain() => _patience = TimeSpan.FromMilliseconds(100);

    public void SetService(string name, ServiceStartType start, bool runs = false) =>
        Windows.Services[name] = new() { Exists = true, IsRunning = runs, StartType = start };

    /// <summary>CIM is out of order, as in a damaged repository of WMI.</summary>
    public void LoseCim()
    {
        foreach (string call in (string[])["ReadConfiguration", "ReadStatus", "WriteConfiguration"])
            Windows.Missing[call] = "The namespace is not valid.";
    }

    /// <summary>How long a report waits after a wake.</summary>
    public TimeSpan WakePatience => _patience < TimeSpan.FromSeconds(1) ? _patience : TimeSpan.FromSeconds(1);

    /// <summary>Takes another Windows in place of this one.</summary>
    public void Replace(FakeWindows windows) => Node.Windows = Windows = windows;

    /// <summary>Changes the rule whose name begins so.</summary>
    public void ChangeRule(string start, Func<FirewallRule, FirewallRule> change)
    {
        var rule = Firewall.Rules.Single(rule => rule.Name.StartsWith(start, StringComparison.Ordinal));
        Firewall.Remove(rule.Name);
        Firewall.Plant(change(rule));
    }

    public void ChangeProfiles(Func<FirewallProfileStatus, FirewallProfileStatus> change) => Firewall.Profiles = [.. Firewall.Profiles.Select(change)];

    public Task<TeredoDiagnosis> AskAsync(CancellationToken cancellationToken = default)
    {
        var node = Node.Snapshot();
        node.QualificationTimeout = _patience;
        return new Examination(new() { Node = Node, ProgramPath = Judged }, node, Host, [new WindowsProvider(Windows)], []).RunAsync(null, cancellationToken).InTime();
    }
}
