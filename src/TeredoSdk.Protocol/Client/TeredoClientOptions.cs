using System.Security.Cryptography;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A Teredo server's two IPv4 addresses.</summary>
public readonly record struct TeredoServerAddress
{
    /// <summary>Makes a server of two addresses.</summary>
    /// <param name="primary">The primary address.</param>
    /// <param name="secondary">The secondary address.</param>
    public TeredoServerAddress(IPv4Address primary, IPv4Address secondary) => (Primary, Secondary) = (primary, secondary);

    /// <summary>Makes a server whose secondary address is the primary address plus 1, which is the convention when only one is known.</summary>
    /// <param name="primary">The primary address.</param>
    public TeredoServerAddress(IPv4Address primary) : this(primary, new IPv4Address(primary.Value + 1))
    {
    }

    /// <summary>The primary address; every client address embeds it.</summary>
    public IPv4Address Primary { get; init; }

    /// <summary>The secondary address; it serves to check the NAT's mapping behaviour (RFC 4380 §5.2.1).</summary>
    public IPv4Address Secondary { get; init; }
}

/// <summary>A shared secret for secure qualification (RFC 4380 §5.2.2). Two are equal when their octets and algorithms are equal.</summary>
/// <remarks>The secret never appears in a text form.</remarks>
public sealed record TeredoSecret
{
    /// <summary>The name of the secret, as the server knows it; at most 255 octets. It is copied.</summary>
    public required ReadOnlyMemory<byte> ClientIdentifier { get; init => field = value.ToArray(); }

    /// <summary>The secret, which must not be empty. It is copied.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init => field = value.ToArray(); }

    /// <summary>The keyed hash; HMAC-SHA1 by default.</summary>
    public AuthenticationAlgorithm Algorithm { get; init; } = AuthenticationAlgorithm.HmacSha1;

    /// <summary>Whether both secrets are equal. The comparison takes the same time whatever the octets are.</summary>
    public bool Equals(TeredoSecret? other) => other is not null && Algorithm == other.Algorithm
        && ClientIdentifier.Span.SequenceEqual(other.ClientIdentifier.Span)
        && CryptographicOperations.FixedTimeEquals(Secret.Span, other.Secret.Span);

    /// <summary>A hash of the identifier and the algorithm, without the secret.</summary>
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
    /// <summary>No extension: RFC 4380 alone.</summary>
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
    /// Stay a client beside it. This departs from §5.5. It is meant for engines inside one application, whose address the host's address
    /// selection never sees.
    /// </summary>
    Beside,
}

/// <summary>Settings of a <see cref="TeredoClient"/>, fixed when it is made.</summary>
public sealed record TeredoClientOptions
{
    /// <summary>The servers in order of preference; at least one. When a server does not answer, the client tries the next one.</summary>
    public required IReadOnlyList<TeredoServerAddress> Servers { get; init => field = ValueList.Of(value); }

    /// <summary>
    /// Whether a server whose secondary address does not answer is unusable (RFC 4380 §5.2.1). Otherwise the mapping behaviour counts as not checked.
    /// </summary>
    public bool RequireSecondary { get; init; }

    /// <summary>The secret for secure qualification; null for a nonce alone.</summary>
    public TeredoSecret? Secret { get; init; }

    /// <summary>The UDP service port, or 0 for a random port (RFC 4380 §5.2, §5.2.10).</summary>
    public ushort ServicePort { get; init; }

    /// <summary>The refresh interval, 5 s to 10 min; the default is 30 s (RFC 6081 §5.1.1).</summary>
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

    /// <summary>Whether to determine the refresh interval by experiment (RFC 4380 §5.2.7).</summary>
    public bool DetermineInterval { get; init; }

    /// <summary>Whether to discover peers on the local link by multicast (RFC 4380 §5.2.8).</summary>
    public bool LocalDiscovery { get; init; }

    /// <summary>The time without traffic and leases after which the client goes dormant; zero for never. The default is one hour.</summary>
    public TimeSpan DormancyTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The largest number of peers to remember, 16 to 16,777,216. The default is 4096. At most half of them are untrusted, and a quarter is kept for
    /// those that the host sends to first.
    /// </summary>
    public int MaxPeers { get; init; } = 4096;

    /// <summary>The largest number of random ports open at once for symmetric NATs (RFC 6081 §5.4), 0 to 1024.</summary>
    public int MaxRandomPorts { get; init; } = 64;

    internal bool Has(TeredoExtensions extension) => (Extensions & extension) == extension;

    /// <summary>Checks the options, as a <see cref="TeredoClient"/> does when it is made.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
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
                throw Bad(nameof(Servers), $"{server.Primary} twice", "two different addresses: the second shows how the NAT maps ports");
        if (Secret is { } secret && (secret.ClientIdentifier.Length > 255 || secret.Secret.IsEmpty))
            throw Bad(nameof(Secret), $"an identifier of {secret.ClientIdentifier.Length} octets with a secret of {secret.Secret.Length}",
                "an identifier of at most 255 octets with a secret that is not empty");
        if (Secret is { } keyed && !Enum.IsDefined(keyed.Algorithm))
            throw Bad(nameof(Secret), $"a secret with algorithm {keyed.Algorithm}", "HmacSha1, HmacMd5 or HmacSha256");
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
