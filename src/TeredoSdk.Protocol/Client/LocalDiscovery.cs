using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>Discovers peers on the local link by multicast (RFC 4380 §5.2.8). Off by default; for trusted networks only.</summary>
sealed class LocalDiscovery(ClientContext context, ClientPeers peers)
{
    static readonly TimeSpan MinPeriod = TimeSpan.FromSeconds(200), MaxPeriod = TimeSpan.FromSeconds(300); // §5.2.8
    static readonly TimeSpan PeerLifetime = TimeSpan.FromSeconds(600); // §5.2.4 case 3
    static readonly IPv4Endpoint Group = new(IPv4Address.Parse("224.0.0.253"), TeredoPorts.Server); // §2.17
    const byte GroupTtl = 1; // §5.2.8
    const int MaxPeers = 256;

    readonly Dictionary<IPv6Address, (IPv4Endpoint Endpoint, Instant SeenAt)> _peers = [];
    bool _portOpen;

    /// <summary>When the next discovery bubble is due, or null.</summary>
    public Instant? NextDeadline { get; private set; }

    public void Start(Instant now)
    {
        if (!_portOpen)
            context.Request(new() { Kind = ClientRequestKind.OpenPort, Port = LocalPort.Discovery, Number = TeredoPorts.Server });
        _portOpen = true; // if the port can't be opened, peers still discover us
        SendAndSchedule(now);
    }

    public void Stop()
    {
        if (_portOpen)
            context.Request(new() { Kind = ClientRequestKind.ClosePort, Port = LocalPort.Discovery });
        _portOpen = false;
        NextDeadline = null;
        _peers.Clear();
    }

    public void HandleTimeout(Instant now)
    {
        if (NextDeadline <= now)
            SendAndSchedule(now);
    }

    /// <summary>The local endpoint of a peer that was discovered in the last 600 s, or null.</summary>
    public IPv4Endpoint? Find(Instant now, IPv6Address peer) =>
        _peers.TryGetValue(peer, out var found) && now - found.SeenAt < PeerLifetime ? found.Endpoint : null;

    /// <summary>Whether a packet of a peer comes from the local endpoint at which the peer was discovered (§5.2.3 case 5).</summary>
    public bool Matches(Instant now, IPv6Address peer, IPv4Endpoint source) => Find(now, peer) == source;

    /// <summary>Takes a datagram that came to the discovery group.</summary>
    public Verdict HandleDatagram(Instant now, IPv4Endpoint source, in Encapsulation encapsulation)
    {
        var packet = encapsulation.Packet;
        bool valid = packet.IsBubble && packet.Destination == IPv6Address.AllNodes && packet.Source != context.Address
            && TeredoAddress.TryCreate(packet.Source, out var peer) && context.Policy.IsWellFormed(peer) // §5.2.8: a well-formed Teredo source
            && context.Policy.IsAttached(source.Address)                                                 // §5.2.8: from an attached subnet
            && peer.MappedEndpoint.Address == context.Mapped.Address;                                    // §5.2.8 MAY: behind our own NAT
        if (!valid || source == context.Local || source.Port == 0 || encapsulation.PacketOffset != 0) // a neighbour's bubble has no Teredo header
            return context.Drops.Drop(DropReason.BadDiscoveryBubble);
        if (_peers.Count >= MaxPeers && !_peers.ContainsKey(packet.Source) && !TryForgetOldest(now))
            return context.Drops.Drop(DropReason.PeerTableFull);
        _peers[packet.Source] = (source, now);
        peers.GreetLocally(now, packet.Source, source);
        return Verdict.Consumed;
    }

    public void SendDiscoveryBubble(Instant now)
    {
        Span<byte> datagram = stackalloc byte[Bubble.Size];
        Bubble.Write(datagram, context.Address!.Value, IPv6Address.AllNodes, Bubble.DiscoveryHopLimit);
        context.Send(now, LocalPort.Service, Group, datagram, GroupTtl);
    }

    void SendAndSchedule(Instant now)
    {
        SendDiscoveryBubble(now);
        NextDeadline = now + context.Random.NextBetween(MinPeriod, MaxPeriod);
    }

    bool TryForgetOldest(Instant now)
    {
        var oldest = _peers.MinBy(peer => peer.Value.SeenAt);
        return now - oldest.Value.SeenAt >= MinPeriod && _peers.Remove(oldest.Key); // a peer that is still present has sent more recently
    }
}
