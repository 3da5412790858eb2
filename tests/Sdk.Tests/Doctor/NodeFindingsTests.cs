using System.Net;
using TeredoSdk.Doctor;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests.Doctor;

/// <summary>What a doctor reads from the report of a node, in which order it tells it, and which questions it asks a machine.</summary>
public sealed class NodeFindingsTests
{
    static readonly TeredoReport Sound = new()
    {
        Provider = TeredoProvider.Embedded,
        KernelSockets = true,
        State = TeredoState.Qualified,
        Address = IPAddress.Parse("2001:0:c000:201:0:efff:34ff:8efe"),
        Server = IPAddress.Parse("192.0.2.1"),
        LocalEndPoint = IPEndPoint.Parse("10.0.0.2:40000"),
        MappedEndPoint = IPEndPoint.Parse("203.0.113.1:4096"),
        Reachability = Reachability.Yes,
        Mapping = MappingBehaviour.EndpointIndependent,
        Filtering = FilteringBehaviour.NotChecked,
        NatName = "",
        NativeIPv6 = NativeIPv6Mode.Beside,
        HasNativeIPv6 = false,
        Sockets = 0,
        UnrestrictedSockets = 0,
        Peers = 0,
        Drops = new Dictionary<DropReason, long>(),
    };

    static Finding New(string id, FindingSeverity severity = FindingSeverity.Error, string subject = "a") => new() { Id = id, Severity = severity, Subject = subject, Problem = "b" };

    static (string Id, FindingSeverity Severity, string Subject)[] Of(TeredoReport report, TeredoReport? peer = null) =>
        [.. NodeFindings.Of(report, peer).Select(finding => (finding.Id, finding.Severity, finding.Subject))];

    [Test]
    public void SoundNode_HasNone() => Assert.That(Of(Sound, Sound), Is.Empty);

    [Test]
    public void WhatWasPassedOver_IsAWarning_WhereThereIsAnAddress([Values] bool hasAddress)
    {
        var report = Sound with
        {
            Address = hasAddress ? Sound.Address : null,
            PassedOver = [new() { Way = "Kernel sockets", Finding = New("one") }, new() { Way = "Interface", Finding = New(FindingIds.InterfaceMissing) }],
            Findings = [New("two"), New("three", FindingSeverity.Note)],
        };
        Assert.That(Of(report), Is.EqualTo(hasAddress ? new[] { ("one", FindingSeverity.Warning, "a"), ("two", FindingSeverity.Warning, "a") } : []));
    }

    [TestCase(MappingBehaviour.AddressOrPortDependent, PortMappingState.NotMapped, true)]
    [TestCase(MappingBehaviour.AddressOrPortDependent, PortMappingState.Mapped, false)]
    [TestCase(MappingBehaviour.EndpointIndependent, PortMappingState.NotMapped, false)]
    public void SymmetricNat_IsToldOf_UnlessAPortIsMapped(MappingBehaviour mapping, PortMappingState state, bool isTold)
    {
        var report = Sound with { Mapping = mapping, PortMapping = state, PortMappingProblem = "No answer." };
        Assert.That(Of(report), Is.EqualTo(isTold ? new[] { (FindingIds.NatSymmetric, FindingSeverity.Warning, "NAT") } : []));
        if (!isTold)
            return;
        Assert.That(NodeFindings.Of(report, null).Single().Evidence[1], Is.EqualTo("Port mapping: No answer."));
        Assert.That(NodeFindings.Of(report with { PortMappingProblem = null }, null).Single().Evidence[1], Is.EqualTo($"Port mapping: {state}"));
    }

    [TestCase("Double NAT.", "Double NAT.")]
    [TestCase(null, "Another NAT is in front of the router that maps a port, so strangers can't use the port.")]
    public void RouterBehindAnotherNat_IsToldOf(string? problem, string told)
    {
        var report = Sound with { PortMapping = PortMappingState.BehindAnotherNat, PortMappingEndPoint = IPEndPoint.Parse("192.168.1.1:5000"), PortMappingProblem = problem };
        var finding = NodeFindings.Of(report, null).Single();
        Assert.That((finding.Id, finding.Subject, finding.Problem), Is.EqualTo((FindingIds.NatBehindAnother, "192.168.1.1:5000", told)));
    }

    [Test]
    public void Peer_IsJudgedBothWays()
    {
        var closed = Sound with { Reachability = Reachability.No };
        var found = NodeFindings.Of(closed, Sound with { Address = IPAddress.Parse("2001::1") }).ToArray();
        Assert.That(found.Select(finding => (finding.Id, finding.Severity, finding.Subject)), Is.EqualTo(new[]
        {
            (FindingIds.PeerDoesNotConnect, FindingSeverity.Error, "to 2001::1"), (FindingIds.PeerDoesNotConnect, FindingSeverity.Error, "from 2001::1"),
        }));
        Assert.That(found.Select(finding => finding.Problem), Is.EqualTo(new[]
        {
            "This node will not be able to connect to the peer.", "The peer will not be able to connect to this node.",
        }));
        Assert.That(found.Select(finding => finding.Fix!.Sentence), Has.All.StartsWith("Get a port mapping"));
    }

    [Test]
    public void PeerOfWhichNothingIsKnown_IsAWarning()
    {
        var unknown = Sound with { Reachability = Reachability.NotChecked, Mapping = MappingBehaviour.NotChecked };
        var found = NodeFindings.Of(unknown, unknown).ToArray();
        Assert.That(found.Select(finding => (finding.Id, finding.Severity)), Is.All.EqualTo((FindingIds.PeerNotKnown, FindingSeverity.Warning)));
        Assert.That(found.Select(finding => finding.Problem), Is.EqualTo(new[]
        {
            "Whether this node will be able to connect to the peer is not known.", "Whether the peer will be able to connect to this node is not known.",
        }));
        Assert.That(found[0].Fix!.Sentence, Does.StartWith("Check at both ends"));
        Assert.That(Of(Sound, Sound with { Address = null }), Has.Some.Matches<(string Id, FindingSeverity, string Subject)>(finding => finding.Subject == "to a peer without address"));
    }

    [Test]
    public void Findings_ComeOnce_ErrorsFirst_TheCauseBeforeTheSymptom()
    {
        Finding[] findings =
        [
            New("firewall.x", FindingSeverity.Note), New("unknown"), New("doctor.not-checked"), New("server.x"), New(FindingIds.ServerSilent), New(FindingIds.LinuxUdpBlockedOut),
            New("linux.x"), New("ipv6.x", FindingSeverity.Warning), New("server.x", FindingSeverity.Warning), New("server.x", subject: "other"),
        ];
        Assert.That(CauseFirst.Of(findings).Select(finding => $"{finding.Id} {finding.Severity} {finding.Subject}"), Is.EqualTo(new[]
        {
            $"{FindingIds.LinuxUdpBlockedOut} Error a", "linux.x Error a", $"{FindingIds.ServerSilent} Error a", "server.x Error a", "server.x Error other", "doctor.not-checked Error a",
            "unknown Error a", "ipv6.x Warning a", "firewall.x Note a",
        }));
    }

    static readonly string[] Private = ["the device /dev/net/tun", "user namespaces", "IPv6 of the machine"], Network = ["firewalls", "other Teredo interfaces", "native IPv6", "the MTU"];

    [Platform("Linux")]
    [TestCase(true, TeredoSockets.Auto, null, 7)]
    [TestCase(true, TeredoSockets.InProcess, null, 4)]
    [TestCase(false, TeredoSockets.Auto, null, 0)]
    [TestCase(true, TeredoSockets.InProcess, "/opt/game", 5)]
    [TestCase(false, TeredoSockets.Auto, "/opt/game", 1)]
    public async Task Machine_IsAskedAboutWhatItHas(bool isThisMachine, TeredoSockets sockets, string? program, int questions)
    {
        var probes = MachineProbes.Of(new() { Sockets = sockets, Servers = ["192.0.2.1", "one.lab"] }, program, isThisMachine);
        string[] expected = [.. isThisMachine && sockets == TeredoSockets.Auto ? Private : [], .. isThisMachine ? Network : [], .. program is null ? [] : new[] { $"the program {program}" }];
        Assert.That(probes.Select(probe => probe.Name), Is.EqualTo(expected));
        Assert.That(probes, Has.Count.EqualTo(questions));
        if (program is not null)
            Assert.That((await Probes.AskAsync([probes[^1]], null, TimeProvider.System, default)).Single().Evidence, Is.EqualTo(new[] { "Firewalls of this system judge ports, not programs." }));
    }

    [Test]
    public void ProgramOnWindows_IsAskedOfWindows() =>
        Assert.That(MachineProbes.Of(new() { Windows = new Testing.FakeWindows(null) }, @"C:\Game.exe", isThisMachine: false), Is.Empty);
}
