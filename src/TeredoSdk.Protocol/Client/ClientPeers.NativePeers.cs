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

    // Sends an echo request through the server; the reply comes back through the relay nearest to the peer. The limits are four in 300 s for one
    // destination, as for bubbles, and 50 a second in all: anybody may have claimed the address that a test sends to.
    void RunTest(Instant now, PeerContact contact, ConnectivityTest test)
    {
        if (!MayTest(now, contact))
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

    // Strangers can't use up the host's tests, nor those that ask often the tests of others. Who has an address in a /64 can have all of them.
    bool MayTest(Instant now, PeerContact contact) => _table[contact.Index].Has(PeerFlags.Used) ? _testGate.TryTake(now)
        : (SeldomTested.TryTake(now, contact.Peer.High) && _seldomTestGate.TryTake(now)) || _strangerTestGate.TryTake(now);

    // Too many other tests are running. This test's turn passes without a grant, four times at most.
    void PassOver(Instant now, PeerContact contact, ConnectivityTest test)
    {
        _context.Drops.Count(DropReason.RateLimited);
        test.RetryAt = now + NextRetry();
        if (++test.RoundsPassedOver >= BubbleSchedule.MaxBubblesWithoutReply)
            Fail(now, contact, UnreachableReason.NoRelay);
    }

    /// <summary>Tests a native peer that sent a packet, unless a test is under way already.</summary>
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
                Flush(now, contact); // the test goes on and keeps its budget: only its reply shows that tests work
            return Deliver(now, encapsulation);
        }
        var reason = index < 0 ? _table.Add(now, packet.Source, Newcomer.Stranger, out index) : DropReason.None;
        if (reason != DropReason.None)
            return _context.Drops.Drop(reason);
        contact ??= ContactOf(now, index);
        TestIfNew(now, contact); // §5.2.3 case 6, or another relay: the reply tells which relay to trust
        if (trusted)
            return _context.Drops.Drop(DropReason.MappingMismatch);
        if (contact.Exchange is not ConnectivityTest current)
            return _context.Drops.Drop(DropReason.Untrusted);
        return current.Held.TryAdd(now, packet.Octets, source) ? Verdict.Held : _context.Drops.Drop(DropReason.QueueFull);
    }

    static bool IsTestReply(Instant now, in IPv6Packet packet, ConnectivityTest test) =>
        Icmpv6Message.TryParse(packet, out var message) && EchoMessage.TryParse(message, out var echo) && test.IsAnsweredBy(now, echo);

    // Delivers only packets that came through the same relay as the reply.
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
