
namespace TeredoSdk.Windows;

/// <summary>
/// A rule of the Windows Firewall (<c>INetFwRule</c>, <c>INetFwRule2</c>, <c>INetFwRule3</c>). Equal rules have equal members, paths and names
/// compared as Windows does.
/// </summary>
/// <remarks>Absent texts are null, never empty. "*" of addresses and ports ("any") is null, too.</remarks>
public sealed record FirewallRule
{
    /// <summary>What people see, and what the rule is found by.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>The group it belongs to, which says who owns it.</summary>
    public string? Grouping { get; init; }

    /// <summary>The full path of the program, or null for all programs.</summary>
    public string? ProgramPath { get; init; }

    /// <summary>The short name of the service, "*" for services only, or null for anything.</summary>
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

    /// <summary>Which way it looks.</summary>
    public FirewallDirection Direction { get; init; } = FirewallDirection.In;

    /// <summary>The names of the interfaces it is for, separated by semicolons; null for all.</summary>
    public string? Interfaces { get; init; }

    /// <summary>The kinds of interfaces it is for, such as "Lan,Wireless"; null for all.</summary>
    public string? InterfaceTypes { get; init; }

    /// <summary>Whether it is in force.</summary>
    public bool Enabled { get; init; }

    /// <summary>The networks it holds on.</summary>
    public FirewallProfiles Profiles { get; init; } = FirewallProfiles.All;

    /// <summary>Whether it lets traffic of a tunnel in.</summary>
    public EdgeTraversal EdgeTraversal { get; init; }

    /// <summary>What it does.</summary>
    public FirewallAction Action { get; init; } = FirewallAction.Allow;

    /// <summary>What only Windows 8 and later have (<c>INetFwRule3</c>): null where none is set.</summary>
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
