using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Windows;

/// <summary>The type that Windows' Teredo is set to; the numbers are those of <c>MSFT_NetTeredoConfiguration.Type</c>.</summary>
public enum TeredoType
{
    /// <summary>Nobody chose a type: Teredo is disabled since Windows 10 1803, and a client before.</summary>
    Default = 0,
    /// <summary>A relay.</summary>
    Relay = 1,
    /// <summary>A client, except on networks with a domain controller.</summary>
    Client = 2,
    /// <summary>A server.</summary>
    Server = 3,
    /// <summary>Off.</summary>
    Disabled = 4,
    /// <summary>The system chooses the type.</summary>
    Automatic = 5,
    /// <summary>A client on any network.</summary>
    EnterpriseClient = 6,
    /// <summary>A client that takes the NAT into account (among the types that Set-NetTeredoConfiguration takes; repair scripts set this one).</summary>
    NatAwareClient = 7,
}

/// <summary>The settings of Windows' Teredo. A null member is not known when read, and stays as it is when written.</summary>
public sealed record TeredoConfiguration
{
    /// <summary>The type.</summary>
    public TeredoType? Type { get; init; }

    /// <summary>The server's name or IPv4 address.</summary>
    public string? ServerName { get; init; }

    /// <summary>The UDP port, or 0 for any port.</summary>
    public int? ClientPort { get; init; }

    /// <summary>The time between two refreshes of the NAT's mapping; zero for the system's default.</summary>
    public TimeSpan? RefreshInterval { get; init; }

    /// <summary>Whether Windows keeps an address although no program listens. Only group policy sets this.</summary>
    public bool? DefaultQualified { get; init; }
}

/// <summary>The state of Windows' Teredo client.</summary>
public enum TeredoClientState
{
    /// <summary>The system's word for the state is not known to the SDK.</summary>
    Unknown,
    /// <summary>Not active: no client runs.</summary>
    Inactive,
    /// <summary>The client has no address, and an error says why.</summary>
    Offline,
    /// <summary>The client sleeps until a program listens.</summary>
    Dormant,
    /// <summary>The client asks its server.</summary>
    Probe,
    /// <summary>The client has an address.</summary>
    Qualified,
}

/// <summary>What Windows says about its Teredo client.</summary>
[Experimental("TEREDO001")]
public sealed record TeredoStatus
{
    /// <summary>The status when no client runs.</summary>
    public static TeredoStatus Inactive { get; } = new() { State = TeredoClientState.Inactive };

    /// <summary>The state of the client.</summary>
    public required TeredoClientState State { get; init; }

    /// <summary>The system's own words for the error, in the system's language, or null.</summary>
    public string? Error { get; init; }

    /// <summary>The number of the error, which Windows gives for a general failure of the system; null when there is none.</summary>
    public long? ErrorCode { get; init; }

    /// <summary>The settings, as far as the same source tells them.</summary>
    public TeredoConfiguration Configuration { get; init; } = new();

    /// <summary>Those of the settings that a group policy made, if the same source tells that; the other members are null.</summary>
    public TeredoConfiguration SetByPolicy { get; init; } = new();

    /// <summary>"teredo client" or "teredo host-specific relay"; null when the source does not tell it.</summary>
    public string? ClientType { get; init; }

    /// <summary>"managed" or "unmanaged"; null when the source does not tell it.</summary>
    public string? Network { get; init; }

    /// <summary>The NAT in Windows' words: none, cone, restricted, symmetric, port-restricted...; null when the source does not tell it.</summary>
    public string? Nat { get; init; }
}
