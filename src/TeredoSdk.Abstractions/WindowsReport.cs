using TeredoSdk.Windows;

namespace TeredoSdk;

/// <summary>
/// Who set Windows' Teredo to be what it is. Switches beside that, the registry value DisabledComponents say, are errors of their own.
/// </summary>
public enum TeredoSettingSource
{
    /// <summary>Nobody: the system's default.</summary>
    Default,
    /// <summary>The machine's own setting (netsh, PowerShell, the SDK).</summary>
    Local,
    /// <summary>A group policy.</summary>
    Policy,
}

/// <summary>What the SDK knows of Windows' own Teredo and of what stands in its way. Null: not known; <see cref="NotKnown"/> says why.</summary>
public sealed record WindowsReport
{
    /// <summary>The version of Windows.</summary>
    public required Version Version { get; init; }

    /// <summary>Whether this process has an administrator's rights.</summary>
    public required bool IsElevated { get; init; }

    /// <summary>What Teredo is set to be.</summary>
    public TeredoType? Type { get; init; }

    /// <summary>Who set it.</summary>
    public TeredoSettingSource? TypeSource { get; init; }

    /// <summary>The server that is set, by name or address.</summary>
    public string? ServerName { get; init; }

    /// <summary>Where the client stands; null where nothing tells it.</summary>
    public TeredoClientState? State { get; init; }

    /// <summary>The system's own words for its error.</summary>
    public string? StateError { get; init; }

    /// <summary>The NAT in Windows' words.</summary>
    public string? Nat { get; init; }

    /// <summary>The UDP port of the Teredo client.</summary>
    public int? TeredoPort { get; init; }

    /// <summary>The interface that has the Teredo address.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>The services that Teredo needs: iphlpsvc, mpssvc, wscsvc; true when running.</summary>
    public IReadOnlyDictionary<string, bool> Services { get; init => field = ValueDictionary.Of(value); } = ValueDictionary<string, bool>.Empty;

    /// <summary>What Windows Security says of the firewall.</summary>
    public FirewallHealth? FirewallHealth { get; init; }

    /// <summary>Which interfaces the firewall has.</summary>
    public FirewallGeneration? FirewallGeneration { get; init; }

    /// <summary>The profiles that are active now.</summary>
    public IReadOnlyList<FirewallProfileStatus>? Profiles { get; init => field = ValueList.Of(value); }

    /// <summary>Other makers' firewalls.</summary>
    public IReadOnlyList<string>? Products { get; init => field = ValueList.Of(value); }

    /// <summary>Whether strangers' packets for this program pass the firewall.</summary>
    public FirewallExceptionState Exception { get; init; }

    /// <summary>Why not, and what would help.</summary>
    public string? ExceptionProblem { get; init; }

    /// <summary>How many rules let a tunnel's traffic in, whoever made them.</summary>
    public int? EdgeTraversalRules { get; init; }

    /// <summary>Whether the system's filters block what comes through Teredo by default.</summary>
    public bool? HasDefaultBlockFilter { get; init; }

    /// <summary>Whether a filter lets this program's traffic in.</summary>
    public bool? HasPermitFilter { get; init; }

    /// <summary>Whether filters tell the Teredo service who listens.</summary>
    public bool? HasDormancyFilter { get; init; }

    /// <summary>How many open sockets hold the address.</summary>
    public int Holds { get; init; }

    /// <summary>What was done or tried to bring Teredo up, in order, each with its outcome.</summary>
    public IReadOnlyList<string> Steps { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>What else is in the way or worth knowing: sentences with advice.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>What could not be asked, and why.</summary>
    public IReadOnlyList<PassedOver> NotKnown { get; init => field = ValueList.Of(value); } = ValueList<PassedOver>.Empty;
}
