using System.Net;
using TeredoSdk.Engine;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Links.Embedded;

/// <summary>Whether strangers get in: what was observed, and the check that asks for it.</summary>
sealed partial class EmbeddedLink
{
    (IPAddress Address, ReachabilityCheck Result)? _check; // the last one that asked a stranger

    public async Task<ReachabilityCheck> CheckReachabilityAsync(CancellationToken cancellationToken)
    {
        _engine.Wake();
        await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
        var address = Address;
        var check = await _engine.CheckReachabilityAsync(cancellationToken).ConfigureAwait(false);
        var stranger = check.Stranger?.Address.ToIPAddress();
        var facts = _engine.Describe();
        ReachabilityCheck Result(Reachability verdict, Finding? finding) =>
            new() { Reachability = verdict, Filtering = facts.Nat.Filtering, Stranger = stranger, Finding = finding };
        var result = check.Outcome switch
        {
            ReachabilityOutcome.Reached => Result(Reachability.Yes, null),
            ReachabilityOutcome.NotReached => Result(Reachability.No, ReachabilityFindings.NotReached(address, stranger, facts.LocalEndpoint)),
            ReachabilityOutcome.NoStranger => Result(Reachability.NotChecked, ReachabilityFindings.NoStranger(stranger)),
            ReachabilityOutcome.NoAnswer => Result(Reachability.NotChecked, ReachabilityFindings.NoAnswer(facts.Server.Primary.ToIPAddress())),
            _ => Result(Reachability.NotChecked, ReachabilityFindings.Interrupted()),
        };
        lock (_gate)
        {
            Disposed.ThrowIf(_disposed, Disposed.Node);
            if (result.Reachability != Reachability.NotChecked && address is not null)
                _check = (address, result);
            // The last check itself has sent to the stranger. It says more than one that can't be made for some minutes.
            return check.Outcome == ReachabilityOutcome.NoStranger && _check is { } last && last.Address.Equals(address) ? last.Result : result;
        }
    }

    // Called under the lock. A stranger that came in says more than a check, which knows one stranger only.
    Reachability JudgeReachability(in EngineFacts engine) => _state != TeredoState.Qualified ? Reachability.No
        : engine.StrangerSeen ? Reachability.Yes
        : _check is { } check && check.Address.Equals(engine.Address?.ToIPAddress()) ? check.Result.Reachability : Reachability.NotChecked;
}
