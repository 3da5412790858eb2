using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>Asks the gateway to map an external UDP port to this machine.</summary>
interface IPortMapper
{
    /// <summary>Asks for a mapping. Takes at most a few seconds when no gateway answers. The only exception is the one of a cancellation.</summary>
    /// <param name="local">The endpoint on this machine that the external port leads to.</param>
    /// <param name="externalPort">The wanted external port; the gateway may choose another one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<MappingResult> MapAsync(IPv4Endpoint local, ushort externalPort, CancellationToken cancellationToken);
}

/// <summary>The result of a request for a mapping.</summary>
/// <param name="Lease">The mapping, which the caller disposes; null when the gateway gave none.</param>
/// <param name="Problem">Why there is no mapping, and what would help.</param>
readonly record struct MappingResult(PortLease? Lease, string? Problem);

/// <summary>
/// One protocol's mapping of one local endpoint at one gateway. No answer of the network causes an exception; only a cancellation does.
/// </summary>
interface IMappingProtocol
{
    /// <summary>The protocol's name, for messages.</summary>
    string Name { get; }

    /// <summary>Asks for the mapping, or renews it.</summary>
    /// <param name="external">The wanted external endpoint; an unspecified address means any address.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<MappingAnswer> MapAsync(IPv4Endpoint external, CancellationToken cancellationToken);

    /// <summary>Asks whether the gateway still keeps its mappings.</summary>
    /// <returns>False when the gateway has lost its state since the last answer; true also when the gateway does not answer.</returns>
    Task<bool> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Removes the mapping.</summary>
    Task RemoveAsync(CancellationToken cancellationToken);
}

/// <summary>A gateway's answer to a request for a mapping.</summary>
readonly record struct MappingAnswer
{
    static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1); // RFC 6887 §15: a client may count on no longer time

    /// <summary>The external endpoint that now leads to the local one.</summary>
    public IPv4Endpoint External { get; private init; }

    /// <summary>How long the mapping lives.</summary>
    public TimeSpan Lifetime { get; private init; }

    /// <summary>Why there is no mapping, or null.</summary>
    public string? Refusal { get; private init; }

    /// <summary>Whether the gateway may have made a mapping although it can't be used, so that it has to be removed.</summary>
    public bool IsLeftBehind { get; private init; }

    public static MappingAnswer Granted(IPv4Endpoint external, uint lifetimeSeconds) => !AddressPolicy.Lab.IsGlobalUnicast(external)
        ? Refused($"says that its external endpoint is {external}", isLeftBehind: true)
        : new() { External = external, Lifetime = TimeSpan.FromSeconds(Math.Min(lifetimeSeconds, MaxLifetime.TotalSeconds)) };

    /// <param name="reason">What the gateway does; it follows the protocol's name in a sentence.</param>
    /// <param name="isLeftBehind">See <see cref="IsLeftBehind"/>.</param>
    public static MappingAnswer Refused(string reason, bool isLeftBehind = false) => new() { Refusal = reason, IsLeftBehind = isLeftBehind };

    /// <summary>The gateway has no external address that a mapping could lead from; it is 0.0.0.0 while the gateway is offline.</summary>
    public static MappingAnswer Useless(IPv4Address external) => Refused($"says that its external address is {external}");

    /// <summary>Whether a mapping with this external address can be used: by everybody, or by those behind the same outer NAT.</summary>
    public static bool IsUsable(IPv4Address external) => AddressPolicy.Lab.IsGlobalUnicast(external);

    public static MappingAnswer Silence { get; } = Refused("does not answer");
}
