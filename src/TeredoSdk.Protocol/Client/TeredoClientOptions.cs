using System.Security.Cryptography;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A Teredo server's two IPv4 addresses.</summary>
public readonly record struct TeredoServerAddress
{
    /// <summary>A server by its two addresses.</summary>
    /// <param name="primary">The primary address.</param>
    /// <param name="secondary">The secondary address.</param>
    public TeredoServerAddress(IPv4Address primary, IPv4Address secondary) => (Primary, Secondary) = (primary, secondary);

    /// <summary>A server whose secondary address is the primary one plus 1, the convention where only one is known.</summary>
    /// <param name="primary">The primary address.</param>
    public TeredoServerAddress(IPv4Address primary) : this(primary, new IPv4Address(primary.Value + 1))
    {
    }

    /// <summary>The primary address, which every client address embeds.</summary>
    public IPv4Address Primary { get; init; }

    /// <summary>The secondary address, against which the NAT's mapping behaviour is checked (RFC 4380 §5.2.1).</summary>
    public IPv4Address Secondary { get; init; }
}

/// <summary>A shared secret for secure qualification (RFC 4380 §5.2.2). Equal ones have equal octets and the same algorithm.</summary>
/// <remarks>The secret appears in no text form.</remarks>
public sealed record TeredoSecret
{
    /// <summary>Which secret it is, as the server knows it; at most 255 octets. Copied.</summary>
    public required ReadOnlyMemory<byte> ClientIdentifier { get; init => field = value.ToArray(); }

    /// <summary>The secret; not empty. Copied.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init => field = value.ToArray(); }

    /// <summary>The keyed hash; HMAC-SHA1 by default.</summary>
    public AuthenticationAlgorithm Algorithm { get; init; } = AuthenticationAlgorithm.HmacSha1;

    /// <summary>Whether both are the same secret. The time that it takes tells nothing about the octets of the secret.</summary>
    public bool Equals(TeredoSecret? other) => other is not null && Algorithm == other.Algorithm
        && ClientIdentifier.Span.SequenceEqual(other.ClientIdentifier.Span)
        && CryptographicOperations.FixedTimeEquals(Secret.Span, other.Secret.Span);

    /// <summary>Of the identifier and the algorithm alone.</summary>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Algorithm);
        hash.AddBytes(ClientIdentifier.Span);
        return hash.ToHashCode();
    }
}

/// <summary>The extensions of RFC 6081; each can be switched off.</summary>
[Flags]
public enum TeredoExtensions
{
    /// <summary>None: RFC 4380 alone.</summary>
    None = 0,
    /// <summary>SNS, symmetric NAT support (RFC 6081 §5.2).</summary>
    SymmetricNatSupport = 1,
    /// <summary>UP, UPnP-enabled symmetric NATs (§5.3). Needs <see cref="SymmetricNatSupport"/>.</summary>
    UpnpSymmetricNat = 2,
    /// <summary>PP, port-preserving symmetric NATs (§5.4). Needs <see cref="SymmetricNatSupport"/>.</summary>
    PortPreservingSymmetricNat = 4,
    /// <summary>SP, sequential port-symmetric NATs (§5.5). Needs <see cref="PortPreservingSymmetricNat"/>.</summary>
    SequentialPortSymmetricNat = 8,
    /// <summary>HP, hairpinning (§5.6).</summary>
    Hairpinning = 16,
    /// <summary>SLR, server load reduction (§5.7).</summary>
    ServerLoadReduction = 32,
    /// <summary>All six.</summary>
    All = 63,
}

/// <summary>What a client does when the host has native IPv6 (RFC 4380 §5.5).</summary>
public enum NativeIPv6Behaviour
{
    /// <summary>Stop being a client, as RFC 4380 §5.5 demands.</summary>
    Stop,
    /// <summary>
    /// Stay a client beside it: a departure from §5.5 for engines inside one application, whose address the host's address
    /// selection never sees.
    /// </summary>
    Beside,
}

/// <summary>Settings of a <see cref="TeredoClient"/>, fixed when it is made.</summary>
public sealed record TeredoClientOptions
{
    /// <summary>The servers in order of preference; at least one. The next one is tried when one does not answer.</summary>
    public required IReadOnlyList<TeredoServerAddress> Servers { get; init => field = ValueList.Of(value); }

    /// <summary>Whether a server that is silent at its secondary address is unusable (RFC 4380 §5.2.1) instead of "mapping behaviour not checked".</summary>
    public bool RequireSecondary { get; init; }

    /// <summary>Secure qualification, or null for the nonce alone.</summary>
    public TeredoSecret? Secret { get; init; }

    /// <summary>The UDP service port, or 0 for a random one (RFC 4380 §5.2, §5.2.10).</summary>
    public ushort ServicePort { get; init; }

    /// <summary>The refresh interval: 5 s to 10 min; 30 s by default (RFC 6081 §5.1.1).</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The extensions of RFC 6081 that are on.</summary>
    public TeredoExtensions Extensions { get; init; } = TeredoExtensions.All;

    /// <summary>Whether the driver is asked to map the service port at the gateway (UPnP IGD, NAT-PMP or PCP).</summary>
    public bool MapPort { get; init; } = true;

    /// <summary>The external port of a mapping that an earlier run may have left behind, or 0 (RFC 6081 §5.3.1).</summary>
    public ushort PersistedMappedPort { get; init; }

    /// <summary>Whether RFC 1918, shared, loopback, link-local, benchmarking and documentation addresses count as global (laboratories).</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>What to do when the host has native IPv6.</summary>
    public NativeIPv6Behaviour NativeIPv6 { get; init; }

    /// <summary>Whether to run on a network that enforces a policy (RFC 5991 §4, RFC 6169 §3.1.3).</summary>
    public bool AllowManagedNetwork { get; init; }

    /// <summary>Whether the refresh interval is determined by experiment (RFC 4380 §5.2.7).</summary>
    public bool DetermineInterval { get; init; }

    /// <summary>Whether peers on the local link are discovered by multicast (RFC 4380 §5.2.8).</summary>
    public bool LocalDiscovery { get; init; }

    /// <summary>How long without traffic and leases until the client goes dormant; zero for never. One hour by default.</summary>
    public TimeSpan DormancyTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The most peers remembered, 16 to 16,777,216. 4096 by default; at most half of them untrusted.</summary>
    public int MaxPeers { get; init; } = 4096;

    /// <summary>The most random ports open at once for symmetric NATs (RFC 6081 §5.4), 0 to 1024.</summary>
    public int MaxRandomPorts { get; init; } = 64;

    internal bool Has(TeredoExtensions extension) => (Extensions & extension) == extension;

    /// <summary>Checks the options, as a <see cref="TeredoClient"/> does when it is made.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and the range.</exception>
    public void Validate()
    {
        var policy = AllowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict;
        if (Servers is not { Count: > 0 })
            throw Bad(nameof(Servers), "an empty list", "at least one server");
        foreach (var server in Servers)
            if (!policy.IsGlobalUnicast(server.Primary) || !policy.IsGlobalUnicast(server.Secondary))
                throw Bad(nameof(Servers), $"{server.Primary}, {server.Secondary}",
                    AllowPrivateAddresses ? "unicast IPv4 addresses" : "global unicast IPv4 addresses (AllowPrivateAddresses lifts that in a laboratory)");
        foreach (var server in Servers)
            if (server.Primary == server.Secondary)
                throw Bad(nameof(Servers), $"{server.Primary} twice", "two different addresses: the second tells how the NAT maps");
        if (Secret is { } secret && (secret.ClientIdentifier.Length > 255 || secret.Secret.IsEmpty))
            throw Bad(nameof(Secret), $"an identifier of {secret.ClientIdentifier.Length} octets with a secret of {secret.Secret.Length}",
                "an identifier of at most 255 octets with a secret that is not empty");
        if (Secret is { } keyed && !Enum.IsDefined(keyed.Algorithm))
            throw Bad(nameof(Secret), $"one with algorithm {keyed.Algorithm}", "HmacSha1, HmacMd5 or HmacSha256");
        if (RefreshInterval < TimeSpan.FromSeconds(5) || RefreshInterval > TimeSpan.FromMinutes(10))
            throw Bad(nameof(RefreshInterval), RefreshInterval, "5 seconds to 10 minutes");
        if ((Extensions & ~TeredoExtensions.All) != 0)
            throw Bad(nameof(Extensions), Extensions, "the flags of TeredoExtensions");
        Require(TeredoExtensions.UpnpSymmetricNat, TeredoExtensions.SymmetricNatSupport);             // RFC 6081 §5.3
        Require(TeredoExtensions.PortPreservingSymmetricNat, TeredoExtensions.SymmetricNatSupport);   // RFC 6081 §5.4
        Require(TeredoExtensions.SequentialPortSymmetricNat, TeredoExtensions.PortPreservingSymmetricNat); // RFC 6081 §5.5
        if (!Enum.IsDefined(NativeIPv6))
            throw Bad(nameof(NativeIPv6), NativeIPv6, "Stop or Beside");
        if (DormancyTimeout != TimeSpan.Zero && (DormancyTimeout < TimeSpan.FromMinutes(1) || DormancyTimeout > TimeSpan.FromDays(7)))
            throw Bad(nameof(DormancyTimeout), DormancyTimeout, "zero (never) or 1 minute to 7 days");
        if (MaxPeers is < 16 or > 1 << 24)
            throw Bad(nameof(MaxPeers), MaxPeers, "16 to 16777216");
        if (MaxRandomPorts is < 0 or > 1024)
            throw Bad(nameof(MaxRandomPorts), MaxRandomPorts, "0 to 1024");
    }

    void Require(TeredoExtensions extension, TeredoExtensions needed)
    {
        if (Has(extension) && !Has(needed))
            throw Bad(nameof(Extensions), Extensions, $"{needed} as well, which {extension} needs");
    }

    static ArgumentException Bad(string option, object value, string expected) =>
        new($"{option} is {value}; expected {expected}.", option);
}
