using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>The destinations that share an external endpoint (RFC 4787 §4.1).</summary>
public enum Mapping
{
    /// <summary>All destinations: one external endpoint for each inside endpoint.</summary>
    EndpointIndependent,
    /// <summary>Destinations with the same address.</summary>
    Address,
    /// <summary>None: each destination address and port has its own external endpoint.</summary>
    AddressAndPort,
}

/// <summary>The sources whose datagrams a NAT accepts at an external endpoint (RFC 4787 §5).</summary>
public enum Filtering
{
    /// <summary>All sources.</summary>
    EndpointIndependent,
    /// <summary>Addresses that the inside endpoint sent to.</summary>
    Address,
    /// <summary>Addresses and ports that the inside endpoint sent to.</summary>
    AddressAndPort,
}

/// <summary>How a NAT chooses an external port (RFC 4787 §4.2).</summary>
public enum PortAllocation
{
    /// <summary>The inside port, or a random port when that is taken.</summary>
    Preserving,
    /// <summary>The last port plus <see cref="NatOptions.PortStep"/>, counted over all inside hosts.</summary>
    Sequential,
    /// <summary>Any free port from 1024 on.</summary>
    Random,
    /// <summary>
    /// A random port of the block that belongs to the inside address. When the block is used up there is none, as with carrier-grade NATs.
    /// </summary>
    Block,
}

/// <summary>How a NAT chooses among several external addresses (RFC 4787 §4.1).</summary>
public enum AddressPooling
{
    /// <summary>All mappings of an inside address have the same one.</summary>
    Paired,
    /// <summary>Each mapping gets another one.</summary>
    Arbitrary,
}

/// <summary>How a NAT treats datagrams from inside to one of its own external addresses (RFC 4787 §6).</summary>
public enum Hairpinning
{
    /// <summary>The NAT drops them.</summary>
    None,
    /// <summary>The NAT sends them back in, with the inside source endpoint.</summary>
    InsideSource,
    /// <summary>The NAT sends them back in, with the sender's external endpoint as source, as RFC 4787 REQ-9 demands.</summary>
    OutsideSource,
}

/// <summary>How a NAT answers requests for a static port mapping (UPnP IGD, NAT-PMP, PCP).</summary>
public enum PortMappingService
{
    /// <summary>There is no such service.</summary>
    None,
    /// <summary>It maps the port and reports its external address.</summary>
    Answering,
    /// <summary>It refuses to map, but reports its external address.</summary>
    Refusing,
    /// <summary>It maps the port, but reports an address that it does not have.</summary>
    LyingAboutAddress,
    /// <summary>It claims to have mapped the port, but has not.</summary>
    LyingAboutPort,
    /// <summary>It maps the port, but does not report its external address.</summary>
    NoExternalAddress,
}

/// <summary>The behaviour of a simulated NAT, in the terms of RFC 4787.</summary>
public sealed record NatOptions
{
    /// <summary>The name in traces; null for "nat", "nat2" and so on.</summary>
    public string? Name { get; init; }

    /// <summary>The mapping behaviour.</summary>
    public Mapping Mapping { get; init; }

    /// <summary>The filtering behaviour; the default is <see cref="Filtering.AddressAndPort"/>.</summary>
    public Filtering Filtering { get; init; } = Filtering.AddressAndPort;

    /// <summary>How external ports are chosen; at random by default.</summary>
    public PortAllocation Allocation { get; init; } = PortAllocation.Random;

    /// <summary>The step of <see cref="PortAllocation.Sequential"/>, 1 to 1000; 1 by default.</summary>
    public int PortStep { get; init; } = 1;

    /// <summary>The number of ports in a block of <see cref="PortAllocation.Block"/>, 1 to 4096; 64 by default.</summary>
    public int BlockSize { get; init; } = 64;

    /// <summary>The number of external addresses, 1 to 256; 1 by default.</summary>
    public int ExternalAddressCount { get; init; } = 1;

    /// <summary>How the NAT chooses among several external addresses.</summary>
    public AddressPooling Pooling { get; init; }

    /// <summary>How long a mapping lasts after the last datagram that refreshed it; 120 s by default (RFC 4787 REQ-5).</summary>
    public TimeSpan UdpLifetime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether incoming datagrams refresh a mapping, too. By default only outgoing ones do (RFC 4787 REQ-6).</summary>
    public bool InboundRefresh { get; init; }

    /// <summary>How the NAT treats datagrams from inside to an external address.</summary>
    public Hairpinning Hairpinning { get; init; }

    /// <summary>Whether an application level gateway replaces each 32-bit value in outgoing payloads that equals an inside host's address.</summary>
    public bool RewritesPayload { get; init; }

    /// <summary>How the NAT answers requests for a static port mapping.</summary>
    public PortMappingService PortMapping { get; init; }

    /// <summary>
    /// Whether the NAT behaves as Linux does without a rule that drops input. An unsolicited datagram from outside then claims the tuple of its
    /// source and the external endpoint for 30 s; each further one renews the claim. A later flow from inside to that source then gets another port.
    /// A flow without an answer lasts 30 s.
    /// </summary>
    public bool ConntrackClash { get; init; }

    /// <summary>The inside subnet; null for the next free 192.168.n.0/24.</summary>
    public IPv4Subnet? InsideSubnet { get; init; }

    /// <summary>The options of one of the nine kinds in RFC 6081 §3.</summary>
    public static NatOptions Of(NatKind kind) => kind switch
    {
        NatKind.Cone => new() { Filtering = Filtering.EndpointIndependent },
        NatKind.AddressRestricted => new() { Filtering = Filtering.Address },
        NatKind.PortRestricted => new(),
        NatKind.UpnpPortRestricted => new() { PortMapping = PortMappingService.Answering },
        NatKind.UpnpPortSymmetric => new() { Mapping = Mapping.AddressAndPort, PortMapping = PortMappingService.Answering },
        NatKind.PortPreservingSymmetric => new() { Mapping = Mapping.AddressAndPort, Allocation = PortAllocation.Preserving },
        NatKind.SequentialSymmetric => new() { Mapping = Mapping.AddressAndPort, Allocation = PortAllocation.Sequential },
        NatKind.PortSymmetric => new() { Mapping = Mapping.AddressAndPort },
        NatKind.AddressSymmetric => new() { Mapping = Mapping.AddressAndPort, ExternalAddressCount = 4, Pooling = AddressPooling.Arbitrary },
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "expected a value of NatKind"),
    };

    internal void Validate()
    {
        Check(PortStep is >= 1 and <= 1000, nameof(PortStep), PortStep, "1 to 1000");
        Check(BlockSize is >= 1 and <= 4096, nameof(BlockSize), BlockSize, "1 to 4096");
        Check(ExternalAddressCount is >= 1 and <= 256, nameof(ExternalAddressCount), ExternalAddressCount, "1 to 256");
        Check(UdpLifetime > TimeSpan.Zero, nameof(UdpLifetime), UdpLifetime, "more than zero");
        Check(InsideSubnet is not { PrefixLength: < 8 or > 29 }, nameof(InsideSubnet), InsideSubnet, "a prefix length of 8 to 29");
    }

    static void Check(bool valid, string option, object? value, string expected)
    {
        if (!valid)
            throw new ArgumentException($"{option} is {value}; expected {expected}.", option);
    }
}
