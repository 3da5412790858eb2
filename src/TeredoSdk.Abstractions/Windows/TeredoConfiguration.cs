using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Windows;

/// <summary>What Windows' Teredo is set to be; the numbers are those of <c>MSFT_NetTeredoConfiguration.Type</c>.</summary>
public enum TeredoType
{
    /// <summary>Nobody chose: disabled since Windows 10 1803, a client before.</summary>
    Default = 0,
    /// <summary>A relay.</summary>
    Relay = 1,
    /// <summary>A client, except on networks with a domain controller.</summary>
    Client = 2,
    /// <summary>A server.</summary>
    Server = 3,
    /// <summary>Off.</summary>
    Disabled = 4,
    /// <summary>Chosen by the system.</summary>
    Automatic = 5,
    /// <summary>A client on any network.</summary>
    EnterpriseClient = 6,
    /// <summary>A client that looks at the NAT. netsh's word; CIM has no number for it.</summary>
    NatAwareClient = 7,
}

/// <summary>The settings of Windows' Teredo. Null members are not known when read, and stay as they are when written.</summary>
public sealed record TeredoConfiguration
{
    /// <summary>What it is set to be.</summary>
    public TeredoType? Type { get; init; }

    /// <summary>The server's name or IPv4 address.</summary>
    public string? ServerName { get; init; }

    /// <summary>The UDP port, 0 for any.</summary>
    public int? ClientPort { get; init; }

    /// <summary>How often the NAT's mapping is refreshed; zero for the system's default.</summary>
    public TimeSpan? RefreshInterval { get; init; }

    /// <summary>Whether an address is kept although nobody listens. Set by group policy only.</summary>
    public bool? DefaultQualified { get; init; }
}

/// <summary>Where Windows' Teredo client stands.</summary>
public enum TeredoClientState
{
    /// <summary>The system's word is none that is known.</summary>
    Unknown,
    /// <summary>Not active: no client runs.</summary>
    Inactive,
    /// <summary>Has no address, and an error says why.</summary>
    Offline,
    /// <summary>Sleeps until somebody listens.</summary>
    Dormant,
    /// <summary>Asks its server.</summary>
    Probe,
    /// <summary>Has an address.</summary>
    Qualified,
}

/// <summary>What Windows says of its Teredo client.</summary>
[Experimental("TEREDO001")]
public sealed record TeredoStatus
{
    /// <summary>No client runs.</summary>
    public static TeredoStatus Inactive { get; } = new() { State = TeredoClientState.Inactive };

    /// <summary>Where it stands.</summary>
    public required TeredoClientState State { get; init; }

    /// <summary>The system's own words for the error, in the system's language, or null.</summary>
    public string? Error { get; init; }

    /// <summary>What it is set to be, where the same source says so.</summary>
    public TeredoConfiguration Configuration { get; init; } = new();

    /// <summary>Whether a group policy set that, where the same source says so.</summary>
    public bool IsSetByPolicy { get; init; }

    /// <summary>"teredo client" or "teredo host-specific relay", where the source says so.</summary>
    public string? ClientType { get; init; }

    /// <summary>"managed" or "unmanaged", where the source says so.</summary>
    public string? Network { get; init; }

    /// <summary>The NAT in Windows' words: none, cone, restricted, symmetric, port-restricted..., where the source says so.</summary>
    public string? Nat { get; init; }
}
