using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Native IPv6 peers: the direct IPv6 connectivity test of RFC 4380 §5.2.9, and §5.2.3 cases 2 and 6.</remarks>
sealed partial class ClientPeers
{
    const byte PingHopLimit = 128;

    void StartTest(Instant now, PeerContact contact)
    {
        var test = new ConnectivityTest(_context.Random, _incoming);
        contact.Start(test);
        RunTest(now, contact, test);
    }

    // An echo request through the server, whose reply comes back through the relay nearest to the peer. Four in 300 s for one
    // destination, as for bubbles, and 50 a second in all: a test aims at an address that anybody may have claimed.
    void RunTest(Instant now, PeerContact contact, ConnectivityTest test)
    {
        ref var gate = ref _table[contact.Index].Has(PeerFlags.Used) ? ref _testGate : ref _strangerTestGate; // the host's are not in a flood's way
        if (!gate.TryTake(now))
        {
            PassOver(now, contact, test);
            return;
        }
        if (!TryGrant(now, contact, test))
            return;
        test.RetryAt = now + NextRetry(); // §5.2.4 case 2
        Span<byte> data = stackalloc byte[ConnectivityTest.DataSize];
        test.WriteData(now, data);
        Span<byte> datagram = stackalloc byte[IPv6Packet.HeaderSize + EchoMessage.HeaderSize + ConnectivityTest.DataSize];
        EchoMessage.WritePacket(datagram, Icmpv6Type.EchoRequest, _context.Address!.Value, contact.Peer, test.Identifier,
            (ushort)contact.Bubbles.Count, data, PingHopLimit);
        _context.Send(now, LocalPort.Service, _context.PrimaryEndpoint, datagram);
    }

    // Too many tests of others: this one's turn passes without taking a grant, four times at most.
    void PassOver(Instant now, PeerContact contact, ConnectivityTest test)
    {
        _context.Drops.Count(DropReason.RateLimited);
        test.RetryAt = now + NextRetry();
        if (++test.RoundsPassedOver >= BubbleSchedule.MaxBubblesWithoutReply)
            Fail(now, contact, UnreachableReason.NoRelay);
    }

    /// <summary>Tests a native peer that turned up by itself, if it is not tested already.</summary>
    void TestIfNew(Instant now, PeerContact contact)
    {
        if (contact.Exchange is null && !contact.Bubbles.IsExhausted(now))
            StartTest(now, contact);
        Schedule(contact);
    }

    Verdict ReceiveFromNative(Instant now, IPv4Endpoint source, in Encapsulation encapsulation, int index)
    {
        var packet = encapsulation.Packet;
        if (packet.IsBubble || !_context.Policy.IsGlobalUnicast(source))
            return _context.Drops.Drop(packet.IsBubble ? DropReason.Untrusted : DropReason.SourceNotGlobal);
        bool trusted = index >= 0 && _table[index].IsTrusted;
        var contact = FindContact(index);
        if (contact?.Test is { } test && IsTestReply(now, packet, test))
        {
            contact.EndTest();
            Trust(now, index, LocalPort.Service, source, byNonce: true);
            DeliverHeld(now, test.Held, source);
            return Verdict.Consumed;
        }
        if (trusted && _table[index].Mapping == source) // §5.2.3 case 1
        {
            _table[index].LastReceived = now;
            if (contact is not null)
                Flush(now, contact); // a test goes on, and its budget is not whole again: only the reply says that tests are of use
            return Deliver(now, encapsulation);
        }
        if (index < 0)
            index = _table.Add(now, packet.Source, default, trusted: false);
        if (index < 0)
            return _context.Drops.Drop(DropReason.PeerTableFull);
        contact ??= ContactOf(now, index);
        TestIfNew(now, contact); // §5.2.3 case 6, or another relay: the reply tells which one to believe
        if (trusted)
            return _context.Drops.Drop(DropReason.MappingMismatch);
        if (contact.Exchange is not ConnectivityTest current)
            return _context.Drops.Drop(DropReason.Untrusted);
        return current.Held.TryAdd(now, packet.Octets, source) ? Verdict.Held : _context.Drops.Drop(DropReason.QueueFull);
    }

    static bool IsTestReply(Instant now, in IPv6Packet packet, ConnectivityTest test) =>
        Icmpv6Message.TryParse(packet, out var message) && EchoMessage.TryParse(message, out var echo) && test.IsAnsweredBy(now, echo);

    // Only what came by the relay that the reply came by is believed.
    void DeliverHeld(Instant now, HeldPackets held, IPv4Endpoint mapping)
    {
        DropExpired(now, held);
        while (held.TryPeek(out var packet, out var source))
        {
            if (source == mapping)
                _context.Deliver(now, packet);
            else
                _context.Drops.Count(DropReason.Untrusted);
            held.Pop();
        }
    }
}
