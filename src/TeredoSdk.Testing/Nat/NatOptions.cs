using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>Which destinations share an external endpoint (RFC 4787 §4.1).</summary>
public enum Mapping
{
    /// <summary>All of them: one external endpoint for each inside endpoint.</summary>
    EndpointIndependent,
    /// <summary>Those with one address.</summary>
    Address,
    /// <summary>None: each destination address and port has its own.</summary>
    AddressAndPort,
}

/// <summary>From whom a NAT lets datagrams in to an external endpoint (RFC 4787 §5).</summary>
public enum Filtering
{
    /// <summary>From anyone.</summary>
    EndpointIndependent,
    /// <summary>From addresses that the inside endpoint sent to.</summary>
    Address,
    /// <summary>From addresses and ports that the inside endpoint sent to.</summary>
    AddressAndPort,
}

/// <summary>How a NAT picks an external port (RFC 4787 §4.2).</summary>
public enum PortAllocation
{
    /// <summary>The inside port unless it is taken, else a random one.</summary>
    Preserving,
    /// <summary>The last one plus <see cref="NatOptions.PortStep"/>, counted over all inside hosts.</summary>
    Sequential,
    /// <summary>Any free port from 1024 on.</summary>
    Random,
    /// <summary>A random port of the block that belongs to the inside address; none when the block is used up, as with carrier grade NATs.</summary>
    Block,
}

/// <summary>Which external address a NAT with several of them picks (RFC 4787 §4.1).</summary>
public enum AddressPooling
{
    /// <summary>The same one for all mappings of an inside address.</summary>
    Paired,
    /// <summary>Another one for each mapping.</summary>
    Arbitrary,
}

/// <summary>What a NAT does with datagrams from inside to one of its own external addresses (RFC 4787 §6).</summary>
public enum Hairpinning
{
    /// <summary>Drops them.</summary>
    None,
    /// <summary>Sends them back in with the inside source endpoint.</summary>
    InsideSource,
    /// <summary>Sends them back in with the sender's external endpoint as source, as RFC 4787 REQ-9 wants.</summary>
    OutsideSource,
}

/// <summary>How a NAT answers requests for a static port mapping (UPnP IGD, NAT-PMP, PCP).</summary>
public enum PortMappingService
{
    /// <summary>There is no such service.</summary>
    None,
    /// <summary>It maps the port and tells its external address.</summary>
    Answering,
    /// <summary>It refuses to map, and tells its external address.</summary>
    Refusing,
    /// <summary>It maps the port and tells an address that it does not have.</summary>
    LyingAboutAddress,
    /// <summary>It claims to have mapped the port, but did not.</summary>
    LyingAboutPort,
    /// <summary>It maps the port but does not tell its external address.</summary>
    NoExternalAddress,
}

/// <summary>The behaviour of a simulated NAT, in the words of RFC 4787.</summary>
public sealed record NatOptions
{
    /// <summary>The name that traces show, or null for "nat", "nat2" and so on.</summary>
    public string? Name { get; init; }

    /// <summary>The mapping behaviour.</summary>
    public Mapping Mapping { get; init; }

    /// <summary>The filtering behaviour; from addresses and ports sent to, by default.</summary>
    public Filtering Filtering { get; init; } = Filtering.AddressAndPort;

    /// <summary>How external ports are picked; at random by default.</summary>
    public PortAllocation Allocation { get; init; } = PortAllocation.Random;

    /// <summary>By how much <see cref="PortAllocation.Sequential"/> steps, 1 to 1000; 1 by default.</summary>
    public int PortStep { get; init; } = 1;

    /// <summary>How many ports a block of <see cref="PortAllocation.Block"/> has, 1 to 4096; 64 by default.</summary>
    public int BlockSize { get; init; } = 64;

    /// <summary>How many external addresses there are, 1 to 256; 1 by default.</summary>
    public int ExternalAddressCount { get; init; } = 1;

    /// <summary>Which of several external addresses is picked.</summary>
    public AddressPooling Pooling { get; init; }

    /// <summary>How long a mapping lasts after the last datagram that refreshed it; 120 s by default (RFC 4787 REQ-5).</summary>
    public TimeSpan UdpLifetime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether datagrams that come in refresh a mapping too; only those going out, by default (RFC 4787 REQ-6).</summary>
    public bool InboundRefresh { get; init; }

    /// <summary>What becomes of datagrams from inside to an external address.</summary>
    public Hairpinning Hairpinning { get; init; }

    /// <summary>Whether an application level gateway replaces each 32-bit value in outgoing payloads that equals an inside host's address.</summary>
    public bool RewritesPayload { get; init; }

    /// <summary>How requests for a static port mapping are answered.</summary>
    public PortMappingService PortMapping { get; init; }

    /// <summary>
    /// Whether the NAT behaves as Linux does without an input drop: an unsolicited datagram from outside claims the tuple (its
    /// source, the external endpoint) for 30 s, renewed by each further one, so that a later flow from inside to that source gets
    /// another port; and a flow that nobody has answered lasts 30 s.
    /// </summary>
    public bool ConntrackClash { get; init; }

    /// <summary>The inside subnet, or null for the next 192.168.n.0/24.</summary>
    public IPv4Subnet? InsideSubnet { get; init; }

    /// <summary>The options of one of the nine kinds that RFC 6081 §3 tells apart.</summary>
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
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "expected one of NatKind"),
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
