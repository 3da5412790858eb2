using Microsoft.Win32;

namespace TeredoSdk.Windows.Tests;

/// <summary>
/// A doctor as a Windows process: registry, services, adapters and netsh are asked by the real calls, of Wine and of the native fakes. Broken machines in
/// memory show what is made of the answers; these show that the answers are asked for.
/// </summary>
public class DoctorUnderWineTests
{
    const string PolicyKey = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition";
    const string Tcpip6Key = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters";
    static readonly string Program = Environment.ProcessPath!;

    static readonly string[] Exception = Rule("Game", 256, $"ApplicationName={Program}", "EdgeTraversalOptions=1");
    static readonly string[] TeredoPort = Rule("Core Networking - Teredo (UDP-In)", 17, "LocalPorts=Teredo", "ServiceName=iphlpsvc");
    static readonly string[] Icmpv6 = Rule("Core Networking - ICMPv6", 58, "EdgeTraversalOptions=1");

    static IEnumerable<TestCaseData> Machines =>
    [
        Machine("nothing", []),
        Machine("IPv4 preferred", [], _ => SetDisabledComponents(0x20)),
        Machine("NAT-aware client", ["type=natawareclient"]),
        Machine("switched off", ["type=disabled"], null, FindingIds.TeredoOff),
        Machine("never switched on", ["type=default"], null, FindingIds.TeredoOffByDefault),
        Machine("switched off, and only netsh tells", ["type=disabled", "cim=missing"], null, FindingIds.TeredoOff),
        Machine("Teredo off in the registry", [], _ => SetDisabledComponents(0x08), FindingIds.TeredoOffByRegistry),
        Machine("IPv6 off in the registry", [], _ => SetDisabledComponents(0xFF), FindingIds.IPv6Off),
        Machine("off by policy", [], _ => SetPolicy("Teredo_State", "Disabled"), FindingIds.TeredoOffByPolicy),
        Machine("another server by policy", [], _ => SetPolicy("Teredo_ServerName", "teredo.example.net"), FindingIds.TeredoServerByPolicy),
        Machine("service stopped", [], machine => machine.Stop("iphlpsvc"), FindingIds.ServiceStopped),
        Machine("service disabled", [], machine =>
        {
            machine.Stop("iphlpsvc");
            WindowsSystem.Current.SetServiceStart("iphlpsvc", ServiceStartType.Disabled);
        }, FindingIds.ServiceDisabled),
        Machine("server of Windows silent", ["state=offline", "error=primary server unreachable over UDP", "address="], null, FindingIds.TeredoServerSilent),
        Machine("managed network", ["state=offline", "error=client is in a managed network", "address="], null, FindingIds.TeredoManagedNetwork),
        Machine("asleep, and listed all the same", ["state=dormant"], null, FindingIds.TeredoOverdue),
        Machine("another server", ["servername=teredo.example.net"], null, FindingIds.TeredoOtherServer),
        Machine("firewall off", ["enabled=0"], null, FindingIds.FirewallOff),
        Machine("everything blocked", ["block_all=1"], null, FindingIds.FirewallBlocksAll),
        Machine("local rules without effect", ["modify_state=1"], null, FindingIds.FirewallPolicy),
        Machine("another firewall", ["products=Wall 3000"], null, FindingIds.FirewallOther),
        Machine("firewall not healthy", ["health=2"], null, FindingIds.FirewallNotHealthy),
        Machine("firewall service stopped", ["firewall=no-service"], null, FindingIds.FirewallNotRead),
        Machine("no exception", [], _ => FakeFiles.Own.StoreRules(TeredoPort, Icmpv6), FindingIds.FirewallNoException),
        Machine("cancelled prompt", [], _ => FakeFiles.Own.StoreRules(Exception, TeredoPort, Icmpv6,
            Rule("game.exe", 6, $"ApplicationName={Program}", "EdgeTraversalOptions=3", block: true),
            Rule("game.exe", 17, $"ApplicationName={Program}", "EdgeTraversalOptions=3", block: true)), FindingIds.FirewallBlockRule),
        Machine("Core Networking gone", [], _ => FakeFiles.Own.StoreRules(Exception), FindingIds.FirewallTeredoPort, FindingIds.FirewallIcmpv6),
    ];

    readonly List<string> _stopped = [];

    [TearDown]
    public async Task Mend()
    {
        Registry.LocalMachine.DeleteSubKeyTree(PolicyKey, throwOnMissingSubKey: false);
        using var parameters = Registry.LocalMachine.CreateSubKey(Tcpip6Key);
        parameters.DeleteValue("DisabledComponents", throwOnMissingValue: false);
        foreach (string name in _stopped)
        {
            WindowsSystem.Current.SetServiceStart(name, ServiceStartType.Automatic);
            await ServiceCommand.StartAsync(name);
        }
        _stopped.Clear();
    }

    [Broken, TestCaseSource(nameof(Machines))]
    public Task Machine_HasItsFindings_TheCauseFirst(string[] settings, Action<DoctorUnderWineTests>? fault, string[] findings) =>
        ExpectAsync(settings, fault, findings);

    // A deleted service stays marked until its last handle is closed (DeleteService), so this Windows never had it.
    [Unserved, Test]
    public Task MachineWithoutTheService_IsToldSo() => ExpectAsync([], null, FindingIds.ServiceMissing);

    async Task ExpectAsync(string[] settings, Action<DoctorUnderWineTests>? fault, params string[] findings)
    {
        FakeFiles.Own.Begin([$"servername={FakeFiles.Server}", $@"permit=\device\harddiskvolume1{Program[2..].ToLowerInvariant()}", .. settings]);
        FakeFiles.Own.StoreRules(Exception, TeredoPort, Icmpv6);
        fault?.Invoke(this);
        var diagnosis = await TeredoDoctor.RunAsync(new()
        {
            ProgramPath = Program,
            Node = new()
            {
                Provider = TeredoProvider.Windows,
                Servers = [FakeFiles.Server],
                AllowPrivateAddresses = true,
                TimeProvider = new PatientTime(),
                QualificationTimeout = settings.Intersect(["address=", "state=dormant"]).Any() ? TimeSpan.FromSeconds(1) : Patience.Limit, // what never comes
            },
        }).WaitAsync(Patience.Limit);
        Assert.That(diagnosis.Findings.Where(finding => finding.Severity != FindingSeverity.Note).Select(finding => finding.Id), Is.EqualTo(findings),
            () => string.Join('\n', diagnosis.Findings.Select(finding => $"{finding.Severity} {finding.Id}: {finding.Sentence}")));
    }

    void Stop(string name)
    {
        _stopped.Add(name);
        ServiceCommand.Stop(name);
    }

    static void SetDisabledComponents(int bits)
    {
        using var key = Registry.LocalMachine.CreateSubKey(Tcpip6Key);
        key.SetValue("DisabledComponents", bits);
    }

    static void SetPolicy(string name, string value)
    {
        using var key = Registry.LocalMachine.CreateSubKey(PolicyKey);
        key.SetValue(name, value);
    }

    static string[] Rule(string name, int protocol, string one, string? other = null, bool block = false) =>
        [$"Name={name}", $"Protocol={protocol}", "Direction=1", "Enabled=1", $"Action={(block ? 0 : 1)}", "Profiles=2147483647", one, other ?? ""];

    static TestCaseData Machine(string name, string[] settings, Action<DoctorUnderWineTests>? fault = null, params string[] findings) =>
        new TestCaseData(settings, fault, findings).SetArgDisplayNames(name);
}
