using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Relay;

/// <summary>Decides which addresses a relay serves and talks to (RFC 4380 §5.4.1, §5.4.2, RFC 6324).</summary>
sealed class RelayRules
{
    readonly IPv6Prefix[] _served;
    readonly IPv4Address[] _own;
    readonly AddressPolicy _policy;

    public RelayRules(TeredoRelayOptions options)
    {
        _served = [.. options.ServedPrefixes];
        _own = [.. options.OwnAddresses];
        _policy = new(options.AllowPrivateAddresses, [.. options.AttachedSubnets]);
    }

    /// <summary>Checks a packet from the IPv6 side. Its source must be native, be served, and not lead back into our own tunnel.</summary>
    public DropReason CheckFromNative(in IPv6Packet packet)
    {
        var source = packet.Source;
        if (!source.IsNative || EmbedsOwn(source) || !Serves(source, out _))
            return DropReason.BadInnerSource; // RFC 4380 §5.4; 2001::/32 and our own 6to4 prefix: RFC 6324 §3.3
        if (packet.IsBubble)
            return DropReason.BadInnerSource; // bubbles exist only inside the tunnel
        return packet.HasSourceRoute ? DropReason.SourceRoute : DropReason.None;
    }

    /// <summary>Checks the client that a packet is for (RFC 4380 §5.4.1). This is done once, when the client's entry is made.</summary>
    public DropReason CheckClient(TeredoAddress client)
    {
        var mapped = client.MappedEndpoint;
        if (client.HasOldPrefix || (client.Flags & TeredoFlags.UniversalAndGroup) != 0)
            return DropReason.BadInnerDestination; // RFC 4380 §4
        if (IsOwn(mapped.Address) || IsOwn(client.Server))
            return DropReason.OwnAddress; // RFC 6324 §3.3
        if (!_policy.IsGlobalUnicast(mapped) || !_policy.IsGlobalUnicast(client.Server))
            return DropReason.DestinationNotGlobal; // RFC 4380 §5.4.1: a MUST for the client; the server gets our bubbles, too
        return mapped.Port == TeredoPorts.Server ? DropReason.ServerPort : DropReason.None; // RFC 6324: only servers listen there
    }

    /// <summary>Checks the outer source of a datagram.</summary>
    public DropReason CheckOuterSource(IPv4Endpoint source)
    {
        if (IsOwn(source.Address))
            return DropReason.OwnAddress; // RFC 6324 §3.3
        if (!_policy.IsGlobalUnicast(source))
            return DropReason.SourceNotGlobal; // RFC 4380 §5.2.3, which §5.4.2's comparison implies for relays
        return source.Port == TeredoPorts.Server ? DropReason.ServerPort : DropReason.None;
    }

    /// <summary>Checks a packet that a client sent to the IPv6 side (RFC 4380 §5.4.2).</summary>
    public DropReason CheckToNative(in IPv6Packet packet)
    {
        var destination = packet.Destination;
        if (destination.IsTeredo || EmbedsOwn(destination))
            return DropReason.BadInnerDestination; // RFC 6324: a packet out of the tunnel must not go back into it
        if (destination.Is6to4 && !_policy.IsGlobalUnicast(destination.Embedded6to4))
            return DropReason.BadInnerDestination; // RFC 3056 §9: no 6to4 site has such an address
        if (!destination.IsGlobalUnicast || !Serves(destination, out bool isHost))
            return DropReason.NotServed; // RFC 4380 §5.4.2
        if (packet.HasSourceRoute)
            return DropReason.SourceRoute; // RFC 6169 §2.3.3
        // RFC 8200 §3: only a packet that is forwarded needs a hop. A packet for a host-specific relay's own address has arrived.
        return !isHost && packet.HopLimit <= 1 ? DropReason.HopLimitExceeded : DropReason.None;
    }

    bool Serves(IPv6Address address, out bool isHost)
    {
        bool served = isHost = false;
        foreach (var prefix in _served)
        {
            if (!prefix.Contains(address))
                continue;
            served = true;
            isHost |= prefix.Length == 128;
        }
        return served;
    }

    bool EmbedsOwn(IPv6Address address) => address.Is6to4 && IsOwn(address.Embedded6to4);

    bool IsOwn(IPv4Address address) => Array.IndexOf(_own, address) >= 0;
}
