using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Links;

// The part of the report that follows from the interface's address alone.
abstract partial class SystemLink
{
    // The question has to come from the mapping of the Teredo client, which is another program's.
    public Task<ReachabilityCheck> CheckReachabilityAsync(CancellationToken cancellationToken) => Task.FromResult(new ReachabilityCheck
    {
        Reachability = Report.Reachability,
        Filtering = FilteringBehaviour.NotChecked,
        Finding = Report.Reachability == Reachability.Yes ? null : ReachabilityFindings.OtherProgram(Report.Provider),
    });

    /// <summary>Makes the part of the report that all system links share.</summary>
    protected TeredoReport Describe(TeredoProvider provider, bool hasNativeIPv6)
    {
        var (all, unrestricted) = Sockets.Counts;
        lock (_gate)
        {
            bool isUp = _isUp;
            return new()
            {
                Provider = provider,
                KernelSockets = true,
                PassedOver = _passedOver,
                State = _disposed ? TeredoState.Stopped : isUp ? TeredoState.Qualified : TeredoState.Offline,
                Address = isUp ? _last.Address.ToIPAddress() : null,
                Reachability = isUp && !_disposed ? Reachability.NotChecked : Reachability.No,
                Server = isUp ? _last.Address.Server.ToIPAddress() : null,
                Mapping = MappingBehaviour.NotChecked,
                Filtering = FilteringBehaviour.NotChecked,
                NatName = default(NatReport).ClassicName,
                MappedEndPoint = isUp ? _last.Address.MappedEndpoint.ToIPEndPoint() : null,
                MtuOctets = _last.MtuOctets > 0 ? _last.MtuOctets : null,
                NativeIPv6 = Options.NativeIPv6,
                HasNativeIPv6 = hasNativeIPv6,
                Sockets = all,
                UnrestrictedSockets = unrestricted,
                Peers = 0,
                Drops = new Dictionary<DropReason, long>(),
                Findings = _problem is null ? [] : [_problem],
            };
        }
    }
}
