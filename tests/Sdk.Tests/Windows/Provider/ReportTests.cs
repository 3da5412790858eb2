using System.Net;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>The report of Windows: what is known, what is not and why, and what is in the way.</summary>
public sealed class ReportTests
{
    static readonly FirewallRule CoreNet = new()
    {
        Name = "Kernnetzwerk - Teredo (UDP eingehend)",
        ServiceName = "iphlpsvc",
        Protocol = FirewallProtocol.Udp,
        LocalPorts = "Teredo",
        Enabled = true,
    };

    static readonly FirewallRule Echo = new() { Name = "Echo", Protocol = FirewallProtocol.Icmpv6, IcmpTypesAndCodes = "128:*", Enabled = true, EdgeTraversal = EdgeTraversal.Allow };

    [Test]
    public async Task Report_OfAHealthyMachine_HasNoWarnings()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.Plant(CoreNet);
        machine.Windows.Firewall.Plant(Echo);
        machine.Windows.Firewall.Plant(Echo with { Name = "Core", IcmpTypesAndCodes = "1:*, 2:*,3:*,4:*,133:*,134:*,135:*,136:*" });
        machine.Windows.EdgeTraversalFilters =
        [
            new() { Kind = EdgeTraversalFilterKind.DefaultBlock, Name = "block" },
            new()
            {
                Kind = EdgeTraversalFilterKind.Permit,
                Name = "permit",
                ProgramPath = @"\device\harddiskvolume3\program files\app\app.exe",
            },
        ];
        var windows = (await machine.StartAsync()).Report.Windows!;
        Assert.Multiple(() =>
        {
            Assert.That(windows.Findings.Where(finding => finding.Severity != FindingSeverity.Note), Is.Empty);
            Assert.That(windows.NotKnown, Is.Empty);
            Assert.That(windows.Services, Is.EqualTo(new Dictionary<string, bool> { ["iphlpsvc"] = true, ["mpssvc"] = true, ["wscsvc"] = true }));
            Assert.That(windows.FirewallHealth, Is.EqualTo(FirewallHealth.Good));
            Assert.That(windows.Profiles, Has.Count.EqualTo(1));
            Assert.That(windows.TeredoPort, Is.EqualTo(machine.Teredo.Port));
            Assert.That((windows.HasDefaultBlockFilter, windows.HasPermitFilter, windows.HasDormancyFilter), Is.EqualTo((true, true, false)));
            Assert.That(windows.EdgeTraversalRules, Is.EqualTo(2), "those for ICMPv6");
        });
    }

    [TestCase(@"\device\harddiskvolume3\app.exe", true)]
    [TestCase(@"\DEVICE\HarddiskVolume3\App.exe", true)]
    [TestCase(@"\device\harddiskvolume3\another\app.exe", false)]
    [TestCase(null, true)]
    public async Task PermitFilter_CountsForItsProgramOnly(string? program, bool isForThis)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.ProgramPath = @"C:\App.exe";
        machine.Windows.EdgeTraversalFilters = [new() { Kind = EdgeTraversalFilterKind.Permit, Name = "permit", ProgramPath = program }];
        Assert.That((await machine.StartAsync()).Report.Windows!.HasPermitFilter, Is.EqualTo(isForThis));
    }

    [Test]
    public async Task Report_WhereNothingTellsTheState_SaysThatItIsNotKnown()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Missing["ReadStatus"] = "There is no CIM.";
        machine.Windows.Missing["RunNetshAsync"] = "netsh can't be run.";
        machine.Teredo.Qualify();
        var windows = (await machine.StartAsync()).Report.Windows!;
        Assert.That(windows.State, Is.Null);
        Assert.That(windows.NotKnown, Has.One.Matches<Finding>(known => known.Subject == "Teredo's state" && known.Problem.Contains("no CIM")));
    }

    [Test]
    public async Task Report_NotElevated_SaysWhatItCouldNotAsk_AndTakesItForNoAnswer()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.IsElevated = false;
        machine.Windows.Services.Remove("wscsvc");
        machine.Windows.Missing["ReadTeredoPort"] = "There is no call for the port.";
        var windows = (await machine.StartAsync()).Report.Windows!;
        Assert.That(windows.HasPermitFilter, Is.Null);
        Assert.That(windows.FirewallHealth, Is.Null);
        Assert.That(windows.TeredoPort, Is.Null);
        string[] expected = ["Edge-traversal filters", "Windows Security", "Teredo's UDP port"];
        Assert.That(windows.NotKnown.Select(known => known.Subject), Is.EquivalentTo(expected));
    }

    [Test]
    public async Task Warnings_EachThingInTheWay_IsNamed()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.FirewallHealth = FirewallHealth.Poor;
        machine.Windows.Firewall.Products = ["Other Firewall"];
        machine.Windows.Firewall.Profiles = [new()
        {
            Profile = FirewallProfiles.Public,
            Enabled = true,
            BlocksAllInbound = true,
            DefaultInbound = FirewallAction.Block,
        }];
        machine.Windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride;
        machine.Windows.Addresses = [new()
        {
            Address = IPAddress.Parse("2002:cb00:7101::cb00:7101"),
            InterfaceName = "6to4",
            InterfaceIndex = 4,
            IsTunnel = true,
            MtuOctets = 1280,
        }];
        var warnings = (await machine.StartAsync()).Report.Windows!.Findings.Select(finding => finding.Sentence).ToList();
        string[] parts = ["Windows Security finds no firewall", "Other Firewall", "blocks all", "group policy", "Teredo (UDP-In)", "Echo", "protocol 41",
            "types 1, 2, 3, 4, 133, 134, 135, 136"];
        foreach (string part in parts)
            Assert.That(warnings, Has.One.Contains(part));
    }

    [Test]
    public async Task Warnings_FirewallOff_IsAStrongOneAndTheAddressDecides()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.Profiles = [new()
        {
            Profile = FirewallProfiles.Public,
            Enabled = false,
            BlocksAllInbound = false,
            DefaultInbound = FirewallAction.Block,
        }];
        var report = (await machine.StartAsync()).Report;
        Assert.That(report.State, Is.EqualTo(TeredoState.Qualified));
        Assert.That(report.Windows!.Findings.Select(finding => finding.Sentence), Has.One.Contains("firewall is off").IgnoreCase);
    }

    [TestCase("teredo.example.org", 1)]
    [TestCase("WIN1910.ipv6.microsoft.com", 0)]
    public async Task Warnings_ServerOfTheOptionsThatWindowsDoesNotUse_IsNamed(string server, int count)
    {
        await using var machine = new WindowsMachine();
        machine.Options.Servers.Add(server);
        var warnings = (await machine.StartAsync()).Report.Windows!.Findings.Select(finding => finding.Sentence).ToList();
        Assert.That(warnings.Count(warning => warning.Contains("uses the server win1910.ipv6.microsoft.com")), Is.EqualTo(count));
    }

    [Test]
    public async Task Report_OfEarlierVersions_IsMadeAllTheSame([Values("6.0", "6.1", "6.2", "5.1")] string version)
    {
        await using var machine = new WindowsMachine(Version.Parse(version), TeredoType.Client);
        machine.Windows.IPv6Installed = true;
        machine.Teredo.Qualify();
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(node.Report.Windows!.State, Is.EqualTo(TeredoClientState.Qualified));
        Assert.That(node.Report.Windows.Type, Is.EqualTo(TeredoType.Client));
    }
}
