using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <remarks>What a client sends.</remarks>
public sealed partial class ClientOracle
{
    // With more targets in one window than the core's bounded table is sure to remember they are not judged one by one.
    const int JudgedTargets = 128;

    readonly Queue<Instant> _answerWindows = new(); // when each target's window began
    static readonly IPv4Endpoint DiscoveryGroup = new(new(0xE00000FD), TeredoPorts.Server);

    /// <summary>A datagram came out.</summary>
    public void OnTransmit(Instant now, Transmit transmit, ReadOnlySpan<byte> payload)
    {
        _sent++;
        Finding.Unless(_isTimeout || _sent <= (_cause == Cause.Own || _cause == Cause.Continuation ? MaxSentPerOwnInput : MaxSentPerDatagram),
            $"{_sent} datagrams for one input");
        Finding.Unless(transmit.Length == payload.Length && Encapsulation.TryParse(payload, out _, out _), "the client sends what no one can read");
        _ = Encapsulation.TryParse(payload, out var datagram, out _);
        var packet = datagram.Packet;
        if (RouterSolicitation.Matches(packet))
        {
            CheckSolicitation(now, transmit);
            return;
        }
        Finding.Unless(!datagram.HasOrigin && !datagram.HasAuthentication, "a client sends a server's headers");
        if (transmit.Via == LocalPort.Interval && packet.IsBubble && IsServer(transmit.Target))
        {
            CheckOwnBubble(packet);
            return;
        }
        Finding.Unless(packet.Source == _address, $"sent from {packet.Source}, which is not {_address}");
        if (packet.IsBubble)
            CheckBubble(now, transmit, packet, datagram.TrailerOctets);
        else if (IsServer(transmit.Target) && !IsRelayedData(transmit, packet))
            CheckTest(now, transmit, packet);
        else
            CheckData(transmit, packet);
    }

    // The check of a port-preserving NAT's mapping (docs/protocol §3.3): from the second port's own mapping to ourselves.
    void CheckOwnBubble(in IPv6Packet packet) =>
        Finding.Unless(packet.Destination == _address && TeredoAddress.TryCreate(packet.Source, out var second) && second.MappedEndpoint == _intervalMapped,
            $"a bubble from {packet.Source} to {packet.Destination} through the server, which is no check of our mapping");

    /// <summary>An IPv6 packet for the host came out: an error, or one that waited for a connectivity test.</summary>
    public void OnDelivery(Instant now, ReadOnlySpan<byte> octets)
    {
        Finding.Unless(IPv6Packet.TryParse(octets, out var packet) && packet.Length == octets.Length, "the host gets what is no packet");
        if (packet.Source.IsLinkLocal)
        {
            Finding.Unless(packet.NextHeader == NextHeader.Icmpv6 && packet.Payload[0] == (byte)Icmpv6Type.DestinationUnreachable, "the host gets a link-local packet");
            _errors.Count(now, "ICMPv6 errors to the host");
            return;
        }
        var peer = PeerOf(packet.Source);
        byte[] delivered = octets.ToArray();
        int at = peer.Held.FindIndex(held => peer.Verified.Contains(held.Source) && held.Payload.AsSpan().IndexOf(delivered) >= 0);
        Finding.Unless(packet.Destination == _address && packet.Source.IsGlobalUnicast && !packet.IsBubble && at >= 0,
            $"a packet from {packet.Source} was delivered that no verified relay sent");
        peer.Held.RemoveAt(at);
    }

    void CheckSolicitation(Instant now, Transmit transmit)
    {
        Finding.Unless(IsServer(transmit.Target), $"a solicitation to {transmit.Target}, which is no server");
        // RFC 6081 §5.5.2.2 repeats an echo test after one second, from its own port.
        bool isEchoTest = transmit.Via.Id > LocalPort.ServerSecondary.Id;
        _echoTest = isEchoTest ? transmit.Via : default;
        var key = (transmit.Via.Id, transmit.Target);
        if (!_solicitations.TryGetValue(key, out var budget))
            _solicitations.Add(key, budget = new(int.MaxValue, Window, isEchoTest ? TimeSpan.FromSeconds(1) : Spacing));
        budget.Count(now, "solicitations to", transmit.Target, merge: false);
    }

    // A server may be a relay as well (RFC 4380 §5.4.3); what is no echo request with our hop limit is data then.
    bool IsRelayedData(Transmit transmit, in IPv6Packet packet) =>
        PeerOf(packet.Destination).Verified.Contains(transmit.Target) && (packet.HopLimit != 128 || packet.Payload is not [128, ..]);

    void CheckTest(Instant now, Transmit transmit, in IPv6Packet packet)
    {
        Finding.Unless(transmit.Via == LocalPort.Service && packet.Destination.IsNative && Icmpv6Message.TryParse(packet, out var message)
            && EchoMessage.TryParse(message, out var echo) && !echo.IsReply && echo.Data.Length >= 8 && packet.Length <= 128,
            "something other than a connectivity test goes to the server");
        var peer = PeerOf(packet.Destination);
        peer.Tests.Add((packet.Payload[8..].ToArray(), now));
        _allTests.Count(now, "connectivity tests");
        if (JudgesBudgets)
            peer.TestBudget.Count(now, "connectivity tests of", packet.Destination, merge: false);
    }

    // T1 of docs/protocol §3.8; behind a symmetric NAT with a reserved port also the embedded endpoint (docs/protocol §4.2).
    void CheckData(Transmit transmit, in IPv6Packet packet)
    {
        var verified = PeerOf(packet.Destination).Verified;
        Finding.Unless(_cause != Cause.Dropped, "data leaves for a datagram that was dropped");
        Finding.Unless(transmit.Target != Local && transmit.Target != Mapped
            && (transmit.Target.Port != TeredoPorts.Server || packet.Destination.IsNative), $"data to {transmit.Target}");
        Finding.Unless(verified.Contains(transmit.Target)
            || (verified.Count > 0 && TeredoAddress.TryCreate(packet.Destination, out var teredo) && teredo.MappedEndpoint == transmit.Target),
            $"data for {packet.Destination} to {transmit.Target}, which is not verified");
    }

    void CheckBubble(Instant now, Transmit transmit, in IPv6Packet packet, ReadOnlySpan<byte> trailerOctets)
    {
        var (via, target) = (transmit.Via, transmit.Target);
        if (target == DiscoveryGroup)
        {
            Finding.Unless(options.LocalDiscovery && packet.Destination == IPv6Address.AllNodes && transmit.Ttl == 1, "a bubble to the discovery group");
            return;
        }
        bool isTeredo = TeredoAddress.TryCreate(packet.Destination, out var teredo) && !teredo.HasOldPrefix;
        if (isTeredo && target == _intervalMapped && teredo.MappedEndpoint == target && options.DetermineInterval)
        {
            Finding.Unless(_rules.IsGlobal(target), $"a bubble of interval determination to {target}");
            return;
        }
        Finding.Unless(TrailerSet.TryParse(trailerOctets, out var trailers), "a bubble that has to be discarded");
        var peer = PeerOf(packet.Destination);
        if (isTeredo && target == new IPv4Endpoint(teredo.Server, TeredoPorts.Server))
        {
            CheckIndirect(now, peer, packet.Destination, target, trailers);
            return;
        }
        Finding.Unless(target.Port != 0 && target != Local && target != Mapped, $"a bubble to {target}, which is our own or no endpoint");
        // A relay's origin may have that port (the Microsoft documents name it); no server passes on the answer, whose destination is no client.
        Finding.Unless(target.Port != TeredoPorts.Server || !isTeredo, $"a direct bubble to {target}");
        if (!WasDiscovered(now, packet.Destination, target))
            CheckDirectTarget(peer, isTeredo ? teredo : default, target);
        if (_cause == Cause.Direct && trailers.NeighborDiscovery == NeighborDiscoveryType.Advertisement)
        {
            _allAnswers.Count(now, "answers");
            peer.Advertisements.Count(now, "neighbor discovery advertisements to", packet.Destination, merge: false);
        }
        else if (_cause is (Cause.IndirectBubble or Cause.Direct) && (via == LocalPort.Service || via != _echoTest)) // an echo test is our own
            CountAnswer(now, via, target);
        else if (via != LocalPort.Service) // RFC 6081 §5.4.4.5: a peer that moved is asked anew, though its packet is dropped
        {
            if (JudgesBudgets)
                peer.FromRandomPort.Count(now, "bubbles from a random port to", packet.Destination, merge: false);
        }
        else if (_cause == Cause.Own && JudgesBudgets)
            peer.Grants.Count(now, "bubbles to", packet.Destination);
        else
            Finding.Unless(_cause != Cause.Dropped, $"a direct bubble to {target} for a datagram that was dropped");
    }

    void CheckIndirect(Instant now, OraclePeer peer, IPv6Address destination, IPv4Endpoint target, in TrailerSet trailers)
    {
        Finding.Unless(_rules.IsGlobal(target), $"an indirect bubble to {target}");
        if (trailers.Nonce is { } nonce)
        {
            peer.Nonces.Add((nonce, now));
            if (peer.Nonces.Count > 4)
                peer.Nonces.RemoveAt(0);
        }
        if (!JudgesBudgets)
            return;
        if (MayBeLate)
            peer.LateIndirect.Count(now, "indirect bubbles to", destination, merge: false);
        else
            peer.Grants.Count(now, "bubbles to", destination); // with the direct one, or alone beside an answer
    }

    // docs/protocol §3.9, §4.3, §4.5: where a direct bubble may go.
    void CheckDirectTarget(OraclePeer peer, TeredoAddress teredo, IPv4Endpoint target)
    {
        if (peer.Verified.Contains(target))
            return;
        if (teredo == default)
            Finding.Unless(_cause == Cause.IndirectBubble && target == _origin && _rules.IsGlobal(target), $"a bubble to {target}, which no origin indication names");
        else if (target.Address == teredo.MappedEndpoint.Address && (target == teredo.MappedEndpoint || peer.RandomPorts.Contains(target.Port)))
            Finding.Unless(_rules.IsGlobal(target), $"a bubble to {target}, which is not global");
        else
        {
            Finding.Unless(options.Extensions.HasFlag(TeredoExtensions.Hairpinning) && peer.Alternates.Contains(target) && target.Port >= 1024,
                $"a bubble to {target}, which the peer did not list");
            Finding.Unless(IPv4Rules.IsSite(target.Address)
                ? _rules.IsAttached(target.Address) || Mapped.Address == teredo.MappedEndpoint.Address
                : _rules.IsGlobal(target) && target.Address.Value >> 24 != 127, $"a bubble to the alternate address {target}");
        }
    }

    // At most one answer for each datagram: to any target one bubble from each port.
    void CountAnswer(Instant now, LocalPort via, IPv4Endpoint target)
    {
        if (!_answered)
            _allAnswers.Count(now, "answers");
        _answered = true;
        var key = (via.Id, target);
        if (!_answers.TryGetValue(key, out var budget))
            _answers.Add(key, budget = new(8, Window, TimeSpan.Zero));
        while (_answerWindows.TryPeek(out var oldest) && now - oldest >= Window)
            _answerWindows.Dequeue();
        if (!budget.IsOpen(now))
            _answerWindows.Enqueue(now);
        budget.Count(now, "answers to", target, merge: false, judge: _answerWindows.Count <= JudgedTargets);
    }
}
