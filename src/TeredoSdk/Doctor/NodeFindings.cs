using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Doctor;

/// <summary>What the report of a node tells a doctor.</summary>
static class NodeFindings
{
    /// <param name="report">The node's report.</param>
    /// <param name="peer">The report of a peer that it should reach, or null.</param>
    public static IEnumerable<Finding> Of(TeredoReport report, TeredoReport? peer)
    {
        if (report.Address is not null)
            foreach (var finding in report.PassedOver.Select(way => way.Finding).Concat(report.Findings))
                if (finding.Severity != FindingSeverity.Note && finding.Id != FindingIds.InterfaceMissing) // few machines have one, and none needs it
                    yield return finding with { Severity = FindingSeverity.Warning }; // there is an address all the same
        if (report.Mapping == MappingBehaviour.AddressOrPortDependent && report.PortMapping != PortMappingState.Mapped)
            yield return Symmetric(report);
        if (report.PortMapping == PortMappingState.BehindAnotherNat)
            yield return BehindAnother(report);
        if (peer is null)
            yield break;
        foreach (var (forecast, isFromPeer) in new[] { (ConnectionForecast.Of(report, peer), false), (ConnectionForecast.Of(peer, report), true) })
            if (forecast.Forecast != Forecast.Connects)
                yield return OfPeer(forecast, isFromPeer, peer);
    }

    static Finding Symmetric(TeredoReport report) => new()
    {
        Id = FindingIds.NatSymmetric,
        Severity = FindingSeverity.Warning,
        Subject = "NAT",
        Problem = "The NAT in front of this machine is symmetric: it uses another port towards each peer. Peers behind such NATs can often not connect.",
        Evidence =
        [
            $"The two addresses of the server {report.Server} saw different ports; the primary one saw {report.MappedEndPoint} for {report.LocalEndPoint}.",
            $"Port mapping: {report.PortMappingProblem ?? $"{report.PortMapping}"}",
        ],
        SetBy = "the router",
        Fix = new() { Sentence = "Switch UPnP IGD or NAT-PMP on in the router, or forward a UDP port there and name it as ClientPort." },
    };

    static Finding BehindAnother(TeredoReport report) => new()
    {
        Id = FindingIds.NatBehindAnother,
        Severity = FindingSeverity.Warning,
        Subject = $"{report.PortMappingEndPoint}",
        Problem = report.PortMappingProblem ?? "Another NAT is in front of the router that maps a port, so strangers can't use the port.",
        Evidence = [$"The router maps {report.PortMappingEndPoint} by {report.PortMappingProtocol}; the server sees {report.MappedEndPoint}."],
        SetBy = "the network's provider, or a second router",
    };

    static Finding OfPeer(ConnectionForecast forecast, bool isFromPeer, TeredoReport peer)
    {
        string who = isFromPeer ? "The peer" : "This node", other = isFromPeer ? "this node" : "the peer";
        bool isKnown = forecast.Forecast == Forecast.DoesNotConnect;
        return new()
        {
            Id = isKnown ? FindingIds.PeerDoesNotConnect : FindingIds.PeerNotKnown,
            Severity = isKnown ? FindingSeverity.Error : FindingSeverity.Warning,
            Subject = $"{(isFromPeer ? "from" : "to")} {(object?)peer.Address ?? "a peer without address"}",
            Problem = isKnown ? $"{who} will not be able to connect to {other}." : $"Whether {(isFromPeer ? "the peer" : "this node")} will be able to connect to {other} is not known.",
            Evidence = [forecast.Reason],
            Fix = isKnown ? new() { Sentence = "Get a port mapping at one of the two ends: UPnP IGD or NAT-PMP in the router, or a forwarded UDP port." }
                : new() { Sentence = "Check at both ends whether strangers get in, with a server that has a ReflectAddress." },
        };
    }
}
