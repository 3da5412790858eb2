using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Relay;

/// <remarks>From the IPv6 side to clients (RFC 4380 §5.4.1), and the bubbles for that.</remarks>
public sealed partial class TeredoRelay
{
    static readonly TimeSpan MaxJitter = TimeSpan.FromMilliseconds(250); // keeps the 2 s timer and the 2 s spacing apart

    // Not in the RFC. When a direct bubble reaches the client's NAT before the client has sent, that NAT may choose another port (Linux does). A
    // bubble that dies on the way opens our own NAT just as well. So the first bubbles reach only a few hops.
    static ReadOnlySpan<byte> DirectBubbleTtls => [2, 4, 8, 0];

    Verdict Forward(Instant now, ReadOnlySpan<byte> octets, int start, ref int hint)
    {
        if (!IPv6Packet.TryParse(octets, out var packet) || packet.Length != octets.Length)
            return Drops.Drop(DropReason.MalformedPacket);
        var reason = _rules.CheckFromNative(packet);
        if (reason != DropReason.None)
            return Drops.Drop(reason);
        int peer = Find(packet.Destination, ref hint);
        if (peer < 0 || !_peers[peer].IsUsable(now))
            return Contact(now, packet, peer, out hint);
        MarkSent(now, peer);
        return Verdict.Send(LocalPort.Service, _peers[peer].Mapping, packet.Length, start); // §5.4.1 case 1
    }

    void MarkSent(Instant now, int peer)
    {
        ref var entry = ref _peers[peer];
        if (!entry.Has(PeerFlags.Used))
            _peers.Use(now, peer);
        entry.LastSent = now;
    }

    // §5.4.1 case 3. Case 2, for a client whose address says that it is behind a cone NAT, is treated in the same way (RFC 5991 §3.2).
    Verdict Contact(Instant now, in IPv6Packet packet, int peer, out int newPeer)
    {
        newPeer = peer;
        bool isNew = peer < 0;
        if (isNew)
        {
            var reason = AddPeer(now, packet, out newPeer);
            if (reason != DropReason.None)
                return Drops.Drop(reason);
        }
        else
            Earn(packet.Destination, _peers[peer].Mapping.Address, packet.Length);
        _peers.Distrust(newPeer); // a trusted peer that was not heard for 30 s must be verified again
        ref var entry = ref _peers[newPeer];
        if (entry.Contact < 0)
        {
            entry.Contact = _contacts.Open(newPeer);
            _contacts[entry.Contact].NextStep = now;
        }
        var contact = _contacts[entry.Contact];
        contact.Source = packet.Source.High;
        if (contact.IsUnreachable)
        {
            _errors.Answer(now, packet.Octets);
            return Drops.Drop(DropReason.PeerUnreachable);
        }
        if (contact.Schedule.Count == 0)
            Advance(now, contact, mayContact: isNew);
        bool held = contact.Held.TryAdd(now, packet.Octets);
        _contacts.Schedule(entry.Contact);
        return held ? Verdict.Held : Drops.Drop(DropReason.QueueFull);
    }

    DropReason AddPeer(Instant now, in IPv6Packet packet, out int peer)
    {
        peer = -1;
        if (!TeredoAddress.TryCreate(packet.Destination, out var client))
            return DropReason.BadInnerDestination;
        var reason = _rules.CheckClient(client);
        if (reason != DropReason.None)
            return reason;
        if (!_limits.MayContact(now, packet.Source.High, client))
            return DropReason.RateLimited; // without a bubble there is no use in an entry
        Earn(packet.Destination, client.MappedEndpoint.Address, packet.Length);
        reason = _peers.Add(now, packet.Destination, Newcomer.Stranger, out peer);
        if (reason == DropReason.None)
            _peers[peer].Mapping = client.MappedEndpoint;
        return reason;
    }

    // A packet pays for bubbles to the client and to its server.
    void Earn(IPv6Address client, IPv4Address mapped, int octets)
    {
        TeredoAddress.TryCreate(client, out var teredo);
        _limits.Earn(mapped, octets);
        if (teredo.Server != mapped)
            _limits.Earn(teredo.Server, octets);
    }

    // ---- Bubbles

    // Takes the next step when it is due: sends the next bubbles, gives up waiting for the answer, or ends the contact.
    void Advance(Instant now, RelayContact contact, bool mayContact = false)
    {
        if (contact.IsUnreachable)
        {
            _peers.Remove(contact.Peer); // §5.4.1; done this late so that the budget of §5.2.6 is remembered
            return;
        }
        if (contact.Schedule.TryGrant(now))
        {
            SendBubbles(now, contact, mayContact);
            contact.NextStep = now + BubbleSchedule.Spacing + _random.NextBetween(TimeSpan.Zero, MaxJitter); // §5.4.1: 2 s
            return;
        }
        contact.IsUnreachable = true; // §5.4.1: after the first bubble and three repeats
        contact.NextStep = contact.Schedule.WindowEnd;
        while (contact.Held.Count > 0)
            FailOldest(now, contact, DropReason.PeerUnreachable);
    }

    // A round that a limit refuses passes without bubbles: the next one is due after 2 s as always.
    void SendBubbles(Instant now, RelayContact contact, bool mayContact)
    {
        ref var entry = ref _peers[contact.Peer];
        TeredoAddress.TryCreate(entry.Address, out var client);
        if ((!mayContact && !_limits.MayContact(now, contact.Source, client)) || !_limits.TrySpend(client.Server, Bubble.Size))
        {
            Drops.Count(DropReason.RateLimited);
            return;
        }
        Span<byte> bubble = stackalloc byte[Bubble.Size];
        Bubble.Write(bubble, contact.NextSource(now, _random.NextUInt64()), entry.Address);
        // Sent first, so that our NAT is open when the answer to the indirect bubble comes.
        if (_sendDirectBubbles && _limits.TrySpend(entry.Mapping.Address, Bubble.Size))
            _transmits.Add(bubble, LocalPort.Service, entry.Mapping, DirectBubbleTtls[contact.Schedule.Count - 1]);
        _transmits.Add(bubble, LocalPort.Service, new(client.Server, TeredoPorts.Server)); // §5.4.1
    }

    void ExpireHeld(Instant now, RelayContact contact)
    {
        while (contact.Held.ExpiresAt is { } expiry && expiry <= now)
            FailOldest(now, contact, DropReason.QueueExpired);
    }

    void FailOldest(Instant now, RelayContact contact, DropReason reason)
    {
        contact.Held.TryPeek(out var packet, out _);
        _errors.Answer(now, packet);
        contact.Held.Pop();
        Drops.Count(reason);
    }

    // The waiting packets are deleted with the entry (§5.4.1).
    void CloseContact(int peer)
    {
        ref var entry = ref _peers[peer];
        if (entry.Contact < 0)
            return;
        for (int held = _contacts[entry.Contact].Held.Count; held > 0; held--)
            Drops.Count(DropReason.PeerTableFull);
        _contacts.Close(entry.Contact);
        entry.Contact = -1;
    }
}
