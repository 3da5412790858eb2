using TeredoSdk.Tests.Windows.Provider;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>What Windows' Teredo and IPv6 need is judged as the firewall in force would: profiles, edge traversal, scope, and blocks before allows.</summary>
public sealed class SystemTrafficTests
{
    static IEnumerable<TestCaseData> Broken =>
    [
        Case("Errors without edge traversal", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "2:*" ? rule with { EdgeTraversal = EdgeTraversal.Deny } : rule),
        Case("Errors in another profile", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "2:*" ? rule with { Profiles = FirewallProfiles.Domain } : rule),
        Case("Errors of the local subnet", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "1:*" ? rule with { RemoteAddresses = "LocalSubnet" } : rule),
        Case("Errors on one kind of interface", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "1:*" ? rule with { InterfaceTypes = "Lan" } : rule),
        Case("Errors at one address", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "4:*" ? rule with { LocalAddresses = "fe80::/64" } : rule),
        Case("Errors of one user", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "2:*" ? rule with { LocalUserAuthorizedList = "O:LSD:(A;;CC;;;AU)" } : rule),
        Case("The port of one interface", FindingIds.FirewallTeredoPort, rule => rule.LocalPorts == "Teredo" ? rule with { InterfaceTypes = "Wireless" } : rule),
        Case("Errors disabled", FindingIds.FirewallIcmpv6, rule => rule.IcmpTypesAndCodes == "3:*" ? rule with { Enabled = false } : rule),
        Case("The port's rule disabled", FindingIds.FirewallTeredoPort, rule => rule.LocalPorts == "Teredo" ? rule with { Enabled = false } : rule),
        // Hardening scripts turn Windows' own rule into a block, beside which an allow of ours counts for nothing.
        Case("The port's rule made a block", FindingIds.FirewallBlocksSystem, rule => rule.LocalPorts == "Teredo" ? rule with { Action = FirewallAction.Block } : rule),
        Case("Teredo blocked outwards", FindingIds.FirewallBlocksSystem, Blocks(FirewallProtocol.Udp, "3544")),
        Case("UPnP blocked outwards", FindingIds.FirewallBlocksSystem, Blocks(FirewallProtocol.Udp, "1900")),
        Case("DNS blocked outwards", FindingIds.FirewallBlocksSystem, Blocks(FirewallProtocol.Udp, "1-1024")),
        Case("Every UDP port of the services blocked inwards", FindingIds.FirewallBlocksSystem,
            Replaces(Block(FirewallProtocol.Udp, null) with { Direction = FirewallDirection.In, ProgramPath = @"%SystemRoot%\system32\svchost.exe" })),
        Case("The name service blocked outwards", FindingIds.FirewallBlocksSystem,
            Replaces(Block(FirewallProtocol.Any, null) with { ServiceName = "Dnscache" })),
        Case("Everything blocked outwards", FindingIds.FirewallBlocksSystem, Blocks(FirewallProtocol.Any, null)),
    ];

    [TestCaseSource(nameof(Broken))]
    public async Task Rules_ThatLetTooLittleThrough_AreNamed(string id, Func<FirewallRule, FirewallRule> change)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.PlantWindowsRules();
        var rules = machine.Windows.Firewall.Rules;
        foreach (var rule in rules)
            machine.Windows.Firewall.Remove(rule.Name);
        foreach (var rule in rules)
            machine.Windows.Firewall.Plant(change(rule));
        Assert.That(await FindingsAsync(machine), Is.EqualTo(new[] { FindingIds.FirewallEcho, id }.Order()));
    }

    [Test]
    public async Task FreshWindows_LacksOnlyTheEcho()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.PlantWindowsRules();
        Assert.That(await FindingsAsync(machine), Is.EqualTo(new[] { FindingIds.FirewallEcho }));
    }

    // What a game or an updater must not do concerns neither the system nor its services.
    [Test]
    public async Task BlockOfAnotherProgram_IsNoFault()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.PlantWindowsRules();
        machine.Windows.Firewall.Plant(Block(FirewallProtocol.Any, null) with { ProgramPath = @"C:\Games\Updater.exe" });
        Assert.That(await FindingsAsync(machine), Is.EqualTo(new[] { FindingIds.FirewallEcho }));
    }

    // Scripts block services that report to Microsoft; they run in the program in which Teredo runs, too.
    [TestCase(FirewallDirection.Out)]
    [TestCase(FirewallDirection.In)]
    public async Task BlockOfAnotherService_IsNoFault(FirewallDirection direction)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.PlantWindowsRules();
        machine.Windows.Firewall.Plant(Block(FirewallProtocol.Any, null) with
        {
            Direction = direction,
            ProgramPath = @"%SystemRoot%\system32\svchost.exe",
            ServiceName = "DiagTrack",
        });
        Assert.That(await FindingsAsync(machine), Is.EqualTo(new[] { FindingIds.FirewallEcho }));
    }

    [Test]
    public async Task EchoRule_AsAdvised_IsEnough()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.PlantWindowsRules();
        machine.Windows.Firewall.Plant(new()
        {
            Name = "TeredoEcho",
            Protocol = FirewallProtocol.Icmpv6,
            IcmpTypesAndCodes = "128:*",
            Enabled = true,
            EdgeTraversal = EdgeTraversal.Allow,
        });
        Assert.That(await FindingsAsync(machine), Is.Empty);
    }

    static async Task<string[]> FindingsAsync(WindowsMachine machine) =>
        [.. (await machine.StartAsync()).Report.Windows!.Findings.Select(finding => finding.Id).Where(id => id.StartsWith("firewall.", StringComparison.Ordinal)
            && id is not FindingIds.FirewallNoException).Order()];

    static FirewallRule Block(FirewallProtocol protocol, string? ports) => new()
    {
        Name = "Hardening",
        Direction = FirewallDirection.Out,
        Protocol = protocol,
        RemotePorts = ports,
        Action = FirewallAction.Block,
        Enabled = true,
    };

    static Func<FirewallRule, FirewallRule> Blocks(FirewallProtocol protocol, string? ports) => Replaces(Block(protocol, ports));

    // Takes the place of a rule that nothing needs.
    static Func<FirewallRule, FirewallRule> Replaces(FirewallRule wanted) =>
        rule => rule.Name.Contains("IPv6-Out", StringComparison.Ordinal) && rule.Protocol == FirewallProtocol.IPv6 ? wanted : rule;

    static TestCaseData Case(string name, string id, Func<FirewallRule, FirewallRule> change) => new TestCaseData(id, change).SetArgDisplayNames(name);
}
