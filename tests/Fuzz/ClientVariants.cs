using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Fuzz;

/// <summary>How the NAT in front of a fuzzed client maps.</summary>
public enum NatKind
{
    /// <summary>One mapping for all destinations.</summary>
    EndpointIndependent,
    /// <summary>Another port for each destination, without a pattern.</summary>
    Symmetric,
    /// <summary>Symmetric, but the primary server sees the local port.</summary>
    PortPreserving,
    /// <summary>Symmetric, each new mapping one port further.</summary>
    Sequential,
}

/// <summary>One set of options and surroundings.</summary>
/// <param name="Options">The client's options.</param>
/// <param name="Nat">The NAT.</param>
/// <param name="IsFlooded">Whether most of what comes by itself claims an address that was never seen.</param>
/// <param name="JudgesBudgets">False where the table is so small that peers are evicted and their budgets forgotten with them.</param>
public sealed record ClientVariant(TeredoClientOptions Options, NatKind Nat, bool JudgesBudgets = true, bool IsFlooded = false)
{
    /// <summary>The servers of the strict and of the laboratory policy.</summary>
    public static readonly TeredoServerAddress Global = new(IPv4Address.Parse("65.54.227.120")), Lab = new(IPv4Address.Parse("203.0.113.1"));

    /// <summary>A secret for secure qualification.</summary>
    public static readonly TeredoSecret Secret = new()
    {
        ClientIdentifier = "client-01"u8.ToArray(),
        Secret = "teredo-shared-secret"u8.ToArray(),
    };

    static readonly TeredoClientOptions Strict = new() { Servers = [Global], MaxPeers = 1 << 16 };
    static readonly TeredoClientOptions Laboratory = Strict with { Servers = [Lab], AllowPrivateAddresses = true };

    const TeredoExtensions Sns = TeredoExtensions.SymmetricNatSupport, Pp = Sns | TeredoExtensions.PortPreservingSymmetricNat;

    /// <summary>All of them; episodes take turns.</summary>
    public static IReadOnlyList<ClientVariant> All { get; } =
    [
        new(Strict, NatKind.EndpointIndependent),
        new(Strict, NatKind.Symmetric),
        new(Laboratory, NatKind.EndpointIndependent),
        new(Laboratory, NatKind.Sequential),
        new(Strict with { MaxRandomPorts = 4 }, NatKind.PortPreserving),
        new(Strict with { MaxRandomPorts = 8 }, NatKind.Sequential),
        new(Strict with { Extensions = TeredoExtensions.None }, NatKind.EndpointIndependent),
        new(Strict with { Extensions = Sns }, NatKind.Symmetric),
        new(Strict with { Extensions = Sns | TeredoExtensions.UpnpSymmetricNat, MapPort = true }, NatKind.Symmetric),
        new(Strict with { Extensions = Pp }, NatKind.PortPreserving),
        new(Strict with { Extensions = Pp | TeredoExtensions.SequentialPortSymmetricNat }, NatKind.Sequential),
        new(Strict with { Extensions = TeredoExtensions.Hairpinning, MapPort = false }, NatKind.EndpointIndependent),
        new(Strict with { Extensions = TeredoExtensions.ServerLoadReduction }, NatKind.EndpointIndependent),
        new(Strict with { LocalDiscovery = true, DormancyTimeout = TimeSpan.FromMinutes(5) }, NatKind.EndpointIndependent),
        new(Strict with { DetermineInterval = true, NativeIPv6 = NativeIPv6Behaviour.Beside }, NatKind.EndpointIndependent),
        new(Laboratory with { LocalDiscovery = true, DetermineInterval = true }, NatKind.PortPreserving),
        new(Strict with { Secret = Secret }, NatKind.Symmetric),
        new(Strict with { Servers = [Global, new(IPv4Address.Parse("65.54.228.10"))], RequireSecondary = true, RefreshInterval = TimeSpan.FromSeconds(5) }, NatKind.EndpointIndependent),
        new(Strict with { MaxPeers = 16, MaxRandomPorts = 2 }, NatKind.PortPreserving, JudgesBudgets: false),
        new(Strict with { MaxPeers = 256 }, NatKind.Sequential, JudgesBudgets: false, IsFlooded: true),
        new(Laboratory with { MaxPeers = 40, LocalDiscovery = true }, NatKind.Sequential, JudgesBudgets: false),
    ];
}
