using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>Recorded traffic of another implementation's server: ours sends the same for the same.</summary>
public class ServerCaptureTests
{
    const int StaleNonces = 8; // probes without a header, to which the other server answered with the nonce of another probe

    [TestCase("01-qualification"), TestCase("02-client-to-client-port-restricted"), TestCase("03-client-to-native-via-relay")]
    [TestCase("04-native-to-client-via-relay"), TestCase("06-rfc6081-peer-vs-miredo-client"), TestCase("08-symmetric-to-port-restricted-fails")]
    [TestCase("09-symmetric-to-native-via-relay"), TestCase("12-maintenance-30s")]
    public void Server_RecordedTraffic_SendsTheSameOctets(string capture)
    {
        var (recorded, ours) = Replay(capture);
        Assert.That(ours, Is.Not.Empty);
        Assert.That(ours, Is.EqualTo(recorded));
    }

    [Test, Conformance("C-008", "C-049", "C-108", "C-109", "C-110", "C-111", "C-114", "C-118", "C-122", "C-124")]
    public void Server_RecordedProbes_SendsTheSameOctetsButNoNonceOfOthers()
    {
        var (recorded, ours) = Replay("05-server-conformance-probes");
        Assert.That(ours, Has.Count.EqualTo(recorded.Count).And.Count.GreaterThan(20));
        int stale = 0;
        foreach (var (theirs, own) in recorded.Zip(ours))
        {
            bool isStale = theirs.Hex.StartsWith("0001", StringComparison.Ordinal) && !own.Hex.StartsWith("0001", StringComparison.Ordinal);
            stale += isStale ? 1 : 0;
            Assert.That(own, Is.EqualTo(isStale ? theirs with { Hex = theirs.Hex[(2 * Authentication.MinimumSize)..] } : theirs));
        }
        Assert.That(stale, Is.EqualTo(StaleNonces));
    }

    static (List<Sent> Recorded, List<Sent> Ours) Replay(string capture)
    {
        List<Sent> recorded = [], ours = [];
        var server = new ServerHarness(Options with { RateLimits = new(), ForwardNative = true });
        foreach (var frame in TestData.Capture(capture))
        {
            if (frame.Udp is not { } udp)
                continue;
            if (PortOf(udp.Source) is { } via)
                recorded.Add(new(Convert.ToHexStringLower(udp.Payload), via, udp.Destination));
            else if (PortOf(udp.Destination) is { } to
                && server.Handle(udp.Source, udp.Payload, to == LocalPort.ServerSecondary, frame.Time.TotalSeconds).Sent is { Via: not null } sent)
                ours.Add(sent);
        }
        return (recorded, ours);
    }

    static LocalPort? PortOf(IPv4Endpoint endpoint) =>
        endpoint.Port != TeredoPorts.Server ? null
        : endpoint.Address == Primary ? LocalPort.ServerPrimary
        : endpoint.Address == Secondary ? LocalPort.ServerSecondary
        : null;
}
