using System.Buffers.Binary;
using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A NAT, with the network inside it.</summary>
/// <remarks>
/// Source: RFC 4787 for the behaviours. The NAT takes 1 from the TTL of each datagram. It drops a datagram whose TTL would reach 0 before it makes a
/// mapping.
/// </remarks>
public sealed class SimulatedNat : SimulatedNetwork, ISimulatedNode
{
    readonly SimulatedRandom _random;
    IPv4Address[] _external;
    NatTable _table;
    uint _insideHosts = 1; // the first address is the NAT's own

    internal SimulatedNat(SimulatedNetwork outside, NatOptions options) : base(outside.Internet)
    {
        Network = outside;
        Options = options;
        Name = options.Name ?? Internet.UniqueName("nat");
        Internet.TakeName(Name);
        InsideSubnet = options.InsideSubnet ?? Internet.NextLan();
        _random = Internet.NextRandom();
        LinkRandom = Internet.NextRandom();
        _external = TakeAddresses();
        _table = new(options, _external, _random);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The NAT's behaviour.</summary>
    public NatOptions Options { get; }

    /// <summary>The network outside: the internet, or the inside of another NAT.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>The subnet of the inside network.</summary>
    public IPv4Subnet InsideSubnet { get; }

    /// <inheritdoc/>
    public Link Uplink { get; } = new();

    /// <summary>The path between any two nodes inside; by default without delay and routers.</summary>
    public override Link Core { get; } = new();

    /// <summary>The first external address.</summary>
    public IPv4Address ExternalAddress => _external[0];

    /// <summary>All external addresses.</summary>
    public IReadOnlyList<IPv4Address> ExternalAddresses => _external;

    /// <summary>Opens an external port of the first address to anyone, as an administrator would.</summary>
    /// <param name="externalPort">The external port.</param>
    /// <param name="inside">The inside endpoint that it leads to.</param>
    /// <exception cref="InvalidOperationException">Another inside endpoint has the port.</exception>
    public void Forward(ushort externalPort, IPv4Endpoint inside)
    {
        if (!_table.TryForward(Internet.Now, externalPort, inside, TimeSpan.Zero))
            throw new InvalidOperationException($"External port {externalPort} of {Name} belongs to another inside endpoint.");
    }

    /// <summary>Acts as the port mapping service (UPnP IGD, NAT-PMP, PCP) when a host inside asks for a port.</summary>
    /// <param name="externalPort">The wanted external port.</param>
    /// <param name="inside">The inside endpoint that it should lead to.</param>
    /// <param name="lifetime">How long the mapping lives; zero for ever.</param>
    /// <returns>The external port that the service reports. Null when there is no service, it refuses, or another host has the port.</returns>
    public ushort? RequestPortMapping(ushort externalPort, IPv4Endpoint inside, TimeSpan lifetime = default) => Options.PortMapping switch
    {
        PortMappingService.None or PortMappingService.Refusing => null,
        PortMappingService.LyingAboutPort => externalPort,
        _ => _table.TryForward(Internet.Now, externalPort, inside, lifetime) ? externalPort : null,
    };

    /// <summary>Acts as the port mapping service when a host inside gives up a port.</summary>
    /// <param name="externalPort">The external port.</param>
    public void RequestUnmapping(ushort externalPort)
    {
        if (Options.PortMapping is not PortMappingService.None)
            _table.RemoveForward(externalPort);
    }

    /// <summary>Acts as the port mapping service when a host asks for the external address.</summary>
    /// <returns>The address that the service reports; null when there is no service, or it does not report the address.</returns>
    public IPv4Address? RequestExternalAddress() => Options.PortMapping switch
    {
        PortMappingService.None or PortMappingService.NoExternalAddress => null,
        PortMappingService.LyingAboutAddress => new(ExternalAddress.Value ^ 0x0080_0000), // a public address that no node has
        _ => ExternalAddress,
    };

    /// <summary>Drops all mappings, static ones too.</summary>
    public void Reboot() => _table = new(Options, _external, _random);

    /// <summary>Changes the external addresses, and drops all mappings.</summary>
    public void ChangeAddress()
    {
        var old = _external;
        _external = TakeAddresses();
        foreach (var address in old)
            Network.Detach(address);
        Reboot();
    }

    internal override bool CarriesMulticast => true;

    internal override ISimulatedNode? Gateway => this;

    internal SimulatedRandom LinkRandom { get; }

    SimulatedRandom ISimulatedNode.LinkRandom => LinkRandom;

    internal override IPv4Address NextAddress(int count)
    {
        uint first = (InsideSubnet.Address.Value & uint.MaxValue << (32 - InsideSubnet.PrefixLength)) + _insideHosts + 1;
        _insideHosts += (uint)count;
        return new(first);
    }

    void ISimulatedNode.Receive(SimulatedNetwork on, in SimulatedDatagram datagram)
    {
        if (on == this)
            Out(datagram);
        else
            In(datagram);
    }

    void Out(in SimulatedDatagram datagram)
    {
        bool hairpin = _external.Contains(datagram.Target.Address);
        if (datagram.Ttl <= 1)
            Internet.Lost(datagram, DatagramLoss.TtlExpired);
        else if (hairpin && Options.Hairpinning == Hairpinning.None)
            Internet.Lost(datagram, DatagramLoss.NotHairpinned);
        else if (_table.Out(Internet.Now, datagram.Source, datagram.Target) is not { } outside)
            Internet.Lost(datagram, DatagramLoss.NoMapping);
        else if (hairpin)
            In(datagram with { Source = outside, From = this }, Options.Hairpinning == Hairpinning.InsideSource ? datagram.Source : outside);
        else
            Network.Send(datagram with { From = this, Source = outside, Ttl = (byte)(datagram.Ttl - 1), Payload = Rewrite(datagram.Payload, outside.Address) });
    }

    void In(in SimulatedDatagram datagram) => In(datagram, datagram.Source);

    void In(in SimulatedDatagram datagram, IPv4Endpoint shownSource)
    {
        if (_table.In(Internet.Now, datagram.Target, datagram.Source) is not { } inside)
            Internet.Lost(datagram, DatagramLoss.Filtered);
        else if (datagram.Ttl <= 1)
            Internet.Lost(datagram, DatagramLoss.TtlExpired);
        else
            Send(datagram with { From = this, Source = shownSource, Target = inside, Ttl = (byte)(datagram.Ttl - 1) });
    }

    // An application level gateway, because of which RFC 4380 §3.1 inverts addresses: it rewrites any 32 bits that look like an inside address.
    ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> payload, IPv4Address outside)
    {
        if (!Options.RewritesPayload)
            return payload;
        byte[] rewritten = payload.ToArray();
        for (int at = 0; at + 4 <= rewritten.Length; at++)
            if (Has(new(BinaryPrimitives.ReadUInt32BigEndian(rewritten.AsSpan(at)))))
                outside.Write(rewritten.AsSpan(at));
        return rewritten;
    }

    IPv4Address[] TakeAddresses()
    {
        int count = Options.ExternalAddressCount;
        var first = Network == Internet ? Internet.NextNatAddress(count) : Network.NextAddress(count);
        var addresses = new IPv4Address[count];
        for (uint i = 0; i < count; i++)
        {
            addresses[i] = new(first.Value + i);
            Network.Attach(addresses[i], this);
        }
        return addresses;
    }
}
