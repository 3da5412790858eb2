using System.Net;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Cli.Tests;

/// <summary>The path of a packet with a verdict at each place: what a diagnosis says about the application, the NAT, the server and the peer.</summary>
public sealed class DoctorPathTests
{
    static readonly TeredoReport Least = StatusTests.EmptyReport, Most = Least with
    {
        Address = IPAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe"),
        KernelSockets = true,
        Server = IPAddress.Parse("192.0.2.1"),
        SecondaryServer = IPAddress.Parse("192.0.2.2"),
        Mapping = MappingBehaviour.EndpointIndependent,
        NatName = "cone",
        MappedEndPoint = IPEndPoint.Parse("192.0.2.3:2"),
        Reachability = Reachability.Yes,
    };

    [Test]
    public void Path_OfWhichNothingIsKnown() => Assert.That(Path(Least), Is.EqualTo(new[]
    {
        "Application Unknown: no Teredo address", "NAT Unknown: not checked", "Server Unknown: no server answers", "Peer Unknown: strangers: not checked",
    }));

    [Test]
    public void Path_OfWhichAllIsKnown() => Assert.That(Path(Most), Is.EqualTo(new[]
    {
        "Application Good: 2001:0:cb00:7178:0:efff:3fff:fdfe, kernel sockets", "NAT Good: cone, seen as 192.0.2.3:2",
        "Server Good: 192.0.2.1 answers, and 192.0.2.2", "Peer Good: strangers get in",
    }));

    [Test]
    public void Path_InOtherWords()
    {
        var path = Path(Most with { KernelSockets = false, NatName = "none", SecondaryServer = null, Reachability = Reachability.No });
        Assert.That(path, Is.EqualTo(new[]
        {
            "Application Good: 2001:0:cb00:7178:0:efff:3fff:fdfe, sockets inside the process", "NAT Good: there is none, seen as 192.0.2.3:2", "Server Good: 192.0.2.1 answers",
            "Peer Unknown: strangers do not get in",
        }));
        Assert.That(Path(Least with { Reachability = Reachability.No })[3], Is.EqualTo("Peer Unknown: has no address to reach"));
        Assert.That(Path(Least with { Mapping = MappingBehaviour.EndpointIndependent, NatName = "?" })[1], Is.EqualTo("NAT Good: ?"));
        Assert.That(Lines(DoctorPlace.PathOf(Diagnosis(Most), new() { Peer = Most }))[3], Is.EqualTo($"Peer Good: strangers get in, {Most.Address}"));
    }

    // A finding changes the verdict of its own place alone.
    [TestCase(0, "network.native-ipv6", "error.peer-unreachable", "firewall.x")]
    [TestCase(1, "nat.symmetric")]
    [TestCase(2, "server.silent", "error.no-server")]
    [TestCase(3, "peer.does-not-connect", "reachability.none")]
    public void Finding_StandsAtItsPlace(int place, params string[] ids)
    {
        foreach (string id in ids)
        {
            Assert.That(Changed(Most, (id, FindingSeverity.Error)), Is.EqualTo(new[] { (place, PlaceState.Broken) }), id);
            Assert.That(Changed(Most, (id, FindingSeverity.Warning)), Is.EqualTo(new[] { (place, PlaceState.Weak) }), id);
            Assert.That(Changed(Most, (id, FindingSeverity.Note)), Is.Empty, id);
            Assert.That(Changed(Most, (id, FindingSeverity.Note), (id, FindingSeverity.Error), (id, FindingSeverity.Warning)), Is.EqualTo(new[] { (place, PlaceState.Broken) }), id);
            Assert.That(Changed(Least, (id, FindingSeverity.Warning)), Is.Empty, "what is not known is not weak");
            Assert.That(Changed(Least, (id, FindingSeverity.Error)), Is.EqualTo(new[] { (place, PlaceState.Broken) }), id);
        }
    }

    static (int, PlaceState)[] Changed(TeredoReport report, params (string Id, FindingSeverity Severity)[] findings)
    {
        var before = DoctorPlace.PathOf(Diagnosis(report), new());
        return [.. DoctorPlace.PathOf(Diagnosis(report, findings), new()).Index().Where(place => place.Item.State != before[place.Index].State)
            .Select(place => (place.Index, place.Item.State))];
    }

    static string[] Path(TeredoReport report) => Lines(DoctorPlace.PathOf(Diagnosis(report), new()));

    static string[] Lines(IEnumerable<DoctorPlace> path) => [.. path.Select(place => $"{place.Name} {place.State}: {string.Join(", ", place.Lines)}")];

    static TeredoDiagnosis Diagnosis(TeredoReport report, params (string Id, FindingSeverity Severity)[] findings) => new()
    {
        Report = report,
        Findings = [.. findings.Select(finding => new Finding { Id = finding.Id, Severity = finding.Severity, Subject = "x", Problem = "It is wrong." })],
    };
}
