using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <remarks>The check whether strangers get in (docs/protocol §9).</remarks>
public sealed partial class TeredoClient
{
    readonly ReachabilityAsk _ask;

    /// <summary>
    /// Starts a check whether strangers get in (docs/protocol §9). It takes up to 12 s and ends with <see cref="ClientEvent.ReachabilityChecked"/>.
    /// </summary>
    /// <returns>False when the client is not qualified, or a check is running.</returns>
    public bool TryCheckReachability(Instant now)
    {
        bool starts = State == ClientState.Qualified && !_ask.IsRunning;
        if (starts)
            _ask.Start(now);
        return starts;
    }

    Verdict HandleReflectionAnswer(Instant now, in IPv6Packet packet)
    {
        var reason = _ask.HandleAnswer(now, packet);
        return reason == DropReason.None ? Verdict.Consumed : _context.Drops.Drop(reason);
    }

    // docs/protocol §9.3. A proof has to pass as any peer's packet does. Only the unasked one tells of the NAT what a stranger's packet tells.
    Verdict ReceiveProof(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation encapsulation)
    {
        if (!_ask.IsProof(encapsulation.Packet, out var step))
            return _context.Drops.Drop(DropReason.Untrusted);
        var filtering = _context.Filtering;
        var verdict = _peers.Receive(now, via, source, encapsulation);
        if (verdict.Kind != VerdictKind.Deliver)
            return verdict;
        if (step != ReflectionStep.Direct)
            _context.Filtering = filtering;
        _ask.TakeProof(now, step);
        return Verdict.Consumed;
    }
}
