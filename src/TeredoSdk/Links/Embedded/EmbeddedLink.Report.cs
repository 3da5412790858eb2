using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Links.Embedded;

/// <summary>The report of the embedded engine.</summary>
sealed partial class EmbeddedLink
{
    const int ConnectionsToLookAt = 64; // a report must stay cheap

    public TeredoReport Report
    {
        get
        {
            var engine = _engine.Describe();
            var (all, unrestricted) = _sockets.Counts;
            bool? largePackets = _engine.Stack.JudgeLargePackets(_sockets.SomeConnections(ConnectionsToLookAt));
            lock (_gate)
            {
                return new()
                {
                    Provider = TeredoProvider.Embedded,
                    KernelSockets = Capabilities.HasFlag(SocketCapabilities.KernelSockets),
                    PassedOver = [.. _passedOver, .. _engine.PassedOver, .. WatchPassedOver()],
                    State = _state,
                    Address = engine.Address?.ToIPAddress(),
                    Reachability = JudgeReachability(engine),
                    Server = engine.Server.Primary.ToIPAddress(),
                    SecondaryServer = engine.Server.Secondary.ToIPAddress(),
                    Mapping = engine.Nat.Mapping,
                    Filtering = engine.Nat.Filtering,
                    NatName = engine.Nat.ClassicName,
                    PortPreserving = engine.Address is null ? null : engine.Nat.PortPreserving,
                    SequentialPorts = IfChecked(engine, engine.Nat.Sequential),
                    SeveralAddresses = IfChecked(engine, engine.Nat.SeveralAddresses),
                    LocalEndPoint = engine.LocalEndpoint?.ToIPEndPoint(),
                    MappedEndPoint = engine.Address?.MappedEndpoint.ToIPEndPoint(),
                    PortMapping = engine.PortMapping.State,
                    PortMappingEndPoint = engine.PortMapping.External?.ToIPEndPoint(),
                    PortMappingProtocol = engine.PortMapping.Protocol,
                    PortMappingProblem = engine.PortMapping.Problem,
                    RefreshInterval = engine.RefreshInterval,
                    MtuOctets = _mtuOctets,
                    LargePacketsArrive = largePackets,
                    Datapath = _engine.Datapath,
                    NativeIPv6 = _options.NativeIPv6,
                    HasNativeIPv6 = engine.HasNativeIPv6,
                    Sockets = all,
                    UnrestrictedSockets = unrestricted,
                    Peers = engine.Peers,
                    Drops = _engine.CopyDrops(),
                    Findings = [.. FindingsNow(engine)],
                    RetryAt = _retryAt is { } at ? _engine.ToWallClock(at) : null,
                };
            }
        }
    }

    IEnumerable<Finding> FindingsNow(EngineFacts engine)
    {
        if (_problem is not null)
            yield return _problem.Finding;
        else if (JudgeReachability(engine) == Reachability.No && _state == TeredoState.Qualified && _check?.Result.Finding is { } shut)
            yield return shut;
    }

    // The answer of the server's secondary address tells.
    static bool? IfChecked(in EngineFacts engine, bool value) =>
        engine.Address is null || engine.Nat.Mapping == MappingBehaviour.NotChecked ? null : value;

    IEnumerable<PassedOver> WatchPassedOver() =>
        _network.WatchProblem is { } problem ? [new() { Way = "Notifications of the network", Finding = Problems.NotWatched(problem) }] : [];
}
