
namespace TeredoSdk.Windows;

/// <summary>A rule of the Windows Firewall (<c>INetFwRule</c>, <c>INetFwRule2</c>, <c>INetFwRule3</c>).</summary>
/// <remarks>
/// Two rules are equal when all members are equal; paths and names are compared as Windows compares them. Absent texts are null, never empty. The "*"
/// ("any") of addresses and ports is null, too.
/// </remarks>
public sealed record FirewallRule
{
    /// <summary>The name that people see, and by which the rule is found.</summary>
    public required string Name { get; init; }

    /// <summary>The purpose of the rule.</summary>
    public string? Description { get; init; }

    /// <summary>The group of the rule, which tells who owns the rule.</summary>
    public string? Grouping { get; init; }

    /// <summary>The full path of the program, or null for all programs.</summary>
    public string? ProgramPath { get; init; }

    /// <summary>The short name of the service, "*" for any service, or null when the rule is not limited to services.</summary>
    public string? ServiceName { get; init; }

    /// <summary>The protocol.</summary>
    public FirewallProtocol Protocol { get; init; } = FirewallProtocol.Any;

    /// <summary>Local ports such as "80,8000-8010" or the keyword "Teredo"; null for any.</summary>
    public string? LocalPorts { get; init; }

    /// <summary>Remote ports; null for any.</summary>
    public string? RemotePorts { get; init; }

    /// <summary>Local addresses; null for any.</summary>
    public string? LocalAddresses { get; init; }

    /// <summary>Remote addresses; null for any.</summary>
    public string? RemoteAddresses { get; init; }

    /// <summary>ICMP types and codes such as "128:*"; null for any.</summary>
    public string? IcmpTypesAndCodes { get; init; }

    /// <summary>The direction of the traffic.</summary>
    public FirewallDirection Direction { get; init; } = FirewallDirection.In;

    /// <summary>The names of the interfaces that the rule is limited to, separated by semicolons; null for all interfaces.</summary>
    public string? Interfaces { get; init; }

    /// <summary>The kinds of interfaces that the rule is limited to, such as "Lan,Wireless"; null for all kinds.</summary>
    public string? InterfaceTypes { get; init; }

    /// <summary>Whether the rule is in force.</summary>
    public bool Enabled { get; init; }

    /// <summary>The profiles of networks that the rule applies to.</summary>
    public FirewallProfiles Profiles { get; init; } = FirewallProfiles.All;

    /// <summary>Whether the rule lets traffic of a tunnel in.</summary>
    public EdgeTraversal EdgeTraversal { get; init; }

    /// <summary>Whether the rule allows or blocks the traffic.</summary>
    public FirewallAction Action { get; init; } = FirewallAction.Allow;

    /// <summary>A property that only Windows 8 and later have (<c>INetFwRule3</c>); null when it is not set.</summary>
    public string? LocalAppPackageId { get; init; }

    /// <inheritdoc cref="LocalAppPackageId"/>
    public string? LocalUserOwner { get; init; }

    /// <inheritdoc cref="LocalAppPackageId"/>
    public string? LocalUserAuthorizedList { get; init; }

    /// <inheritdoc cref="LocalAppPackageId"/>
    public string? RemoteUserAuthorizedList { get; init; }

    /// <inheritdoc cref="LocalAppPackageId"/>
    public string? RemoteMachineAuthorizedList { get; init; }

    /// <inheritdoc cref="LocalAppPackageId"/>
    public int SecureFlags { get; init; }

    /// <inheritdoc/>
    public bool Equals(FirewallRule? other) => other is not null && RuleComparison.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Name);
}
