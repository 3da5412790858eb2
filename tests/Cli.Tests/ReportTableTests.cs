using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Tests;

/// <summary>The table of a report: each line says what is known, and that something is not known.</summary>
public sealed class ReportTableTests
{
    static readonly TeredoReport Least = StatusTests.EmptyReport with { State = TeredoState.Offline };

    internal static readonly TeredoReport Most = Least with
    {
        KernelSockets = true,
        State = TeredoState.Qualified,
        Address = IPAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe"),
        Reachability = Reachability.Yes,
        PassedOver = [new() { Way = "interface", Finding = Note("interface", "Its firewall is closed.") }],
        Server = IPAddress.Parse("192.0.2.1"),
        SecondaryServer = IPAddress.Parse("192.0.2.2"),
        PortPreserving = true,
        LocalEndPoint = IPEndPoint.Parse("10.0.0.2:1"),
        MappedEndPoint = IPEndPoint.Parse("192.0.2.3:2"),
        PortMappingEndPoint = IPEndPoint.Parse("192.0.2.3:3"),
        PortMappingProtocol = "PCP",
        PortMappingProblem = "This is double NAT.",
        RefreshInterval = TimeSpan.FromSeconds(7.5),
        MtuOctets = 1280,
        LargePacketsArrive = true,
        HasNativeIPv6 = true,
        Drops = new Dictionary<DropReason, long> { [DropReason.BadNonce] = 2 },
        Findings = [new TeredoException(TeredoError.NoServer, "Set Servers.").Finding, Note("it", "Good to know.")],
    };

    [Test]
    public void Report_OfWhichLittleIsKnown() => Assert.That(Lines(Least), Is.EqualTo(new[]
    {
        "state: offline", "address: not known", "reachable: not checked: no packet of a stranger has come in yet",
        "provider: embedded, sockets inside the process", "server: not known",
        "nat: unknown (mapping not checked, filtering not checked, ports not known)", "local endpoint: not known", "mapped endpoint: not known",
        "mtu: not known", "native ipv6: no",
    }));

    [Test]
    public void Report_OfWhichAllIsKnown() => Assert.That(Lines(Most), Is.EqualTo(new[]
    {
        "state: qualified", "address: 2001:0:cb00:7178:0:efff:3fff:fdfe", "reachable: yes", "provider: embedded, kernel sockets",
        "passed over: interface: Its firewall is closed.", "server: 192.0.2.1, secondary 192.0.2.2",
        "nat: unknown (mapping not checked, filtering not checked, ports kept)", "local endpoint: 10.0.0.2:1", "mapped endpoint: 192.0.2.3:2",
        "port mapping: 192.0.2.3:3 by PCP", "port mapping: This is double NAT.", "refresh: every 7.5 s at most", "mtu: 1280 octets", "large packets: arrive",
        "native ipv6: yes, Teredo stays up beside it", "dropped: 2 BadNonce", "problem: Set --server.", "note: Good to know.",
    }));

    [Test]
    public void Report_OfWhatGoesWrong() => Assert.That(
        Lines(Most with { LargePacketsArrive = false, NativeIPv6 = NativeIPv6Mode.Instead, PortPreserving = false, SecondaryServer = null }), Is.SupersetOf(new[]
        {
            "large packets: are lost on the way; TCP sends smaller ones, and datagrams should be small, too", "native ipv6: yes, Teredo gives way to it",
            "nat: unknown (mapping not checked, filtering not checked, ports changed)", "server: 192.0.2.1",
        }));

    [Test]
    public void Windows_OfWhichLittleIsKnown() => Assert.That(Lines(Least with { Windows = new() { Version = new(10, 0, 19045), IsElevated = false } })[10..],
        Is.EqualTo(new[]
        {
            "windows: 10.0.19045, without an administrator's rights", "teredo type: not known", "teredo state: not known", "teredo server: not known",
            "windows nat: not known", "teredo port: not known", "interface: no interface has a Teredo address", "held by: 0 open sockets",
            "firewall: not known by Windows Security", "exception: not known", "edge rules: not known", "default block: not known",
            "permit filter: not known", "dormancy filter: not known",
        }));

    internal static WindowsReport KnownWindows { get; } = new()
    {
        Version = new(10, 0, 19045),
        IsElevated = true,
        Type = TeredoType.EnterpriseClient,
        TypeSource = TeredoSettingSource.Policy,
        ServerName = "teredo.example",
        State = TeredoClientState.Qualified,
        Nat = "cone",
        TeredoPort = 4000,
        InterfaceName = "Teredo",
        Services = new Dictionary<string, bool> { ["iphlpsvc"] = true, ["mpssvc"] = false },
        FirewallHealth = FirewallHealth.Good,
        Profiles =
        [
            new() { Profile = FirewallProfiles.Domain },
            new() { Profile = FirewallProfiles.Private, Enabled = true, BlocksAllInbound = true },
            new() { Profile = FirewallProfiles.Public, Enabled = true, DefaultInbound = FirewallAction.Block },
            new() { Profile = FirewallProfiles.Public, Enabled = true, DefaultInbound = FirewallAction.Allow },
        ],
        Products = ["Other Wall"],
        LetsStrangersIn = false,
        EdgeTraversalRules = 3,
        HasDefaultBlockFilter = true,
        HasPermitFilter = false,
        Holds = 1,
        Steps = ["first"],
        Findings = [new TeredoException(TeredoError.NoServer, "Set Servers.").Finding],
        NotKnown = [Note("filters", "Access is denied.")],
    };

    [Test]
    public void Windows_OfWhichAllIsKnown()
    {
        var windows = KnownWindows;
        Assert.That(Lines(Least with { Windows = windows })[10..], Is.EqualTo(new[]
        {
            "warning: Set --server.",
            "windows: 10.0.19045, with an administrator's rights", "teredo type: enterprise client, set by a group policy", "teredo state: qualified",
            "teredo server: teredo.example", "windows nat: cone", "teredo port: 4000", "interface: Teredo", "held by: 1 open socket",
            "service: iphlpsvc runs", "service: mpssvc does not run",
            "firewall: good by Windows Security", "profile: domain: off",
            "profile: private: on, blocks all incoming packets", "profile: public: on, blocks packets without a rule",
            "profile: public: on, allows packets without a rule", "other firewall: Other Wall", "exception: no stranger gets in",
            "edge rules: 3 rules allow a tunnel's traffic", "default block: yes", "permit filter: no", "dormancy filter: not known", "step: first",
            "not known: filters: Access is denied.",
        }));
        Assert.That(Lines(Least with { Windows = windows with { StateError = "no network" } }), Has.Member("teredo state: qualified: no network"));
    }

    [Test]
    public async Task Table_OfPlainText_HasItsValuesInOneColumn()
    {
        var result = await HereCommand.RunAsync(() =>
        {
            ReportTable.Print(Least);
            ReportTable.Print(new WindowsReport { Version = new(10, 0), IsElevated = false });
            return Task.FromResult(0);
        });
        Assert.That(result.Text, Does.StartWith("state           offline").And.Contain("windows         10.0, without"));
    }

    public enum Sample
    {
        Plain,
        AWord,
        NotChecked,
    }

    [TestCase(Sample.Plain, "plain")]
    [TestCase(Sample.AWord, "a word")]
    [TestCase(Sample.NotChecked, "not checked")]
    public void Value_IsToldInWords(Sample value, string words) => Assert.That(ReportTable.Words(value), Is.EqualTo(words));

    static Finding Note(string subject, string problem) =>
        new() { Id = FindingIds.NotRead, Severity = FindingSeverity.Note, Subject = subject, Problem = problem };

    static string[] Lines(TeredoReport report) => [.. ReportTable.Rows(report).Select(row => $"{row.Name}: {row.Value}")];
}
