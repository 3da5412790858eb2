namespace TeredoSdk.Protocol.Client;

/// <remarks>Evaluates the servers' answers: the mapping, the NAT's behaviour, the address (RFC 4380 §4, §5.2.1; RFC 6081 §5.2 to §5.5).</remarks>
sealed partial class Qualification
{
    void TakePrimaryMapping(Instant now, IPv4Endpoint mapped)
    {
        bool renumbered = State == ClientState.Qualified && mapped != context.Mapped;
        context.Mapped = mapped;
        context.IsPortPreserving = mapped.Port == context.Local.Port; // RFC 6081 §5.4.3
        if (renumbered)
        {
            TakeOtherMapping();
            SetAddress(); // §5.2.5: the old address is invalid at once
        }
        if (_silentSecondaries.Contains(context.Server.Primary))
            Complete(MappingBehaviour.NotChecked);
        else
            Solicit(now, secondary: true);
    }

    void TakeSecondaryMapping(Instant now, IPv4Endpoint mapped)
    {
        context.HasSeveralAddresses = mapped.Address != context.Mapped.Address;
        if (mapped == context.Mapped)
        {
            Complete(mapped == context.Local ? MappingBehaviour.None : MappingBehaviour.EndpointIndependent);
            return;
        }
        // RFC 6081 §5.5 would test each time. But a NAT that shows no sequence here will not show one later.
        context.MayBeSequential = !context.HasSeveralAddresses && mapped.Port - context.Mapped.Port is > 0 and <= ClientPeers.MaxPortStep;
        if (context.Options.Has(TeredoExtensions.SymmetricNatSupport))
            Complete(MappingBehaviour.AddressOrPortDependent); // RFC 6081 §5.2: goes on with the primary address's mapping
        else
        {
            GoOffline(now, OfflineReason.SymmetricNat); // RFC 4380 §5.2.1
        }
    }

    // RFC 4380 §5.2.1 calls the service unusable then. Servers with one address are too common for that: the mapping behaviour counts as not checked,
    // unless the options require the secondary address.
    void GiveUpOnSecondary(Instant now)
    {
        if (context.Options.RequireSecondary)
        {
            TryNextServer(now, OfflineReason.SecondaryUnreachable);
            return;
        }
        _silentSecondaries.Add(context.Server.Primary);
        Complete(MappingBehaviour.NotChecked);
    }

    void Complete(MappingBehaviour mapping)
    {
        context.Mapping = mapping;
        _failures = _serversTried = 0;
        mapper.Compare();
        if (WantsReservedPort)
        {
            StartOverWithMapping();
            return;
        }
        SetAddress();
        bool wasQualified = State == ClientState.Qualified;
        State = ClientState.Qualified;
        if (!wasQualified || _reported != Nat)
            Report();
        Maintain();
    }

    void Report()
    {
        _reported = Nat;
        context.Raise(new ClientEvent.Qualified { Address = context.Address!.Value, Server = context.Server, MtuOctets = _mtu, Nat = Nat });
    }

    void SetAddress()
    {
        var old = context.Address;
        var address = new TeredoAddress(context.Server.Primary, Flags(), context.Mapped);
        if (address == old)
            return;
        peers.Clear(); // §5.2.5: exchanges for the old address are no longer valid
        context.Filtering = FilteringBehaviour.NotChecked;
        context.Address = address;
        if (old is { } previous)
            context.Raise(new ClientEvent.AddressChanged { Old = previous, New = address });
    }

    // RFC 5991 §3.1: twelve random bits. They are kept while the mapping stays the same; otherwise each refresh would change the address.
    TeredoFlags Flags()
    {
        if (_flags is { } known && known.Server == context.Server.Primary && known.Mapped == context.Mapped)
            return known.Flags;
        var flags = (TeredoFlags)context.Random.NextUInt64() & TeredoFlags.Random;
        _flags = (context.Server.Primary, context.Mapped, flags);
        return flags;
    }

    OfflineReason Silence => _mappedNotGlobal ? OfflineReason.MappedAddressNotGlobal : OfflineReason.ServerUnreachable;

    // The gateway itself is the symmetric NAT, and its mapping came too late for the flow to the server.
    bool WantsReservedPort => context.IsSymmetric && context.PortMapping is { } external && external.Address == context.Mapped.Address
        && !_remapped && context.Options.ServicePort == 0 && context.Options.Has(TeredoExtensions.UpnpSymmetricNat);

    // A symmetric NAT uses the reserved external port for its first mapping (RFC 6081 §5.3), so the reservation must exist before that.
    void StartOverWithMapping()
    {
        _remapped = _awaitMapping = true;
        LoseAddress();
        ClosePort();
        OpenPort();
    }
}
