using TeredoSdk.Protocol;

namespace TeredoSdk.Links.Embedded;

/// <summary>What the engine reports.</summary>
sealed partial class EmbeddedLink
{
    public TeredoReport Report
    {
        get
        {
            var core = _driver.Read(core => (core.Address, core.Server, core.Nat, core.PeerCount));
            var mapping = _driver.PortMapping;
            var (all, unrestricted) = _sockets.Counts;
            lock (_gate)
            {
                return new()
                {
                    Provider = TeredoProvider.Embedded,
                    KernelSockets = Capabilities.HasFlag(LinkCapabilities.KernelSockets),
                    PassedOver = _chosen!.PassedOver,
                    State = _state,
                    Address = core.Address?.ToIPAddress(),
                    Reachability = _state != TeredoState.Qualified ? Reachability.No
                        : _guard.StrangerSeen ? Reachability.Yes : Reachability.NotChecked,
                    Server = core.Server.Primary.ToIPAddress(),
                    SecondaryServer = core.Server.Secondary.ToIPAddress(),
                    Mapping = core.Nat.Mapping,
                    Filtering = core.Nat.Filtering,
                    NatName = core.Nat.ClassicName,
                    PortPreserving = core.Address is null ? null : core.Nat.PortPreserving,
                    LocalEndPoint = _driver.LocalEndpoint?.ToIPEndPoint(),
                    MappedEndPoint = core.Address?.MappedEndpoint.ToIPEndPoint(),
                    PortMapping = mapping.State,
                    PortMappingEndPoint = mapping.External?.ToIPEndPoint(),
                    PortMappingProtocol = mapping.Protocol,
                    PortMappingProblem = mapping.Problem,
                    MtuOctets = _mtuOctets,
                    NativeIPv6 = _options.NativeIPv6,
                    HasNativeIPv6 = _driver.HasNativeIPv6,
                    Sockets = all,
                    UnrestrictedSockets = unrestricted,
                    Peers = core.PeerCount,
                    Drops = Drops(),
                    Error = _problem?.Error,
                    Problem = _problem?.Message,
                    RetryAt = _retryAt is { } at ? _driver.ToWallClock(at) : null,
                };
            }
        }
    }

    Dictionary<DropReason, long> Drops()
    {
        var reasons = Enum.GetValues<DropReason>();
        return reasons.Zip(_driver.CopyDrops(reasons), (reason, count) => (reason, count + _guard[reason])).Where(drop => drop.Item2 > 0).ToDictionary();
    }
}
