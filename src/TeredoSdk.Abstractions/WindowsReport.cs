using TeredoSdk.Windows;

namespace TeredoSdk;

/// <summary>
/// Who set the type of Windows' Teredo. The registry value DisabledComponents can switch Teredo off as well; that is an error of its own,
/// <see cref="TeredoError.TeredoDisabledByRegistry"/>.
/// </summary>
public enum TeredoSettingSource
{
    /// <summary>Nobody set it; the system's default applies.</summary>
    Default,
    /// <summary>It is the machine's own setting (netsh, PowerShell, the SDK).</summary>
    Local,
    /// <summary>A group policy set it.</summary>
    Policy,
}

/// <summary>
/// The state of Windows' own Teredo, and what keeps it from working. A member that is null is not known; <see cref="NotKnown"/> says why.
/// </summary>
public sealed record WindowsReport
{
    /// <summary>The version of Windows.</summary>
    public required Version Version { get; init; }

    /// <summary>Whether this process has an administrator's rights.</summary>
    public required bool IsElevated { get; init; }

    /// <summary>The type that Teredo is set to.</summary>
    public TeredoType? Type { get; init; }

    /// <summary>Who set the type.</summary>
    public TeredoSettingSource? TypeSource { get; init; }

    /// <summary>The name or address of the server that is set.</summary>
    public string? ServerName { get; init; }

    /// <summary>The state of the client; null when no source tells it.</summary>
    public TeredoClientState? State { get; init; }

    /// <summary>The system's own words for the client's error.</summary>
    public string? StateError { get; init; }

    /// <summary>The NAT in Windows' words.</summary>
    public string? Nat { get; init; }

    /// <summary>The UDP port of the Teredo client.</summary>
    public int? TeredoPort { get; init; }

    /// <summary>The interface that has the Teredo address.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>The services that Teredo needs (iphlpsvc, mpssvc, wscsvc), each with whether it runs.</summary>
    public IReadOnlyDictionary<string, bool> Services { get; init => field = ValueDictionary.Of(value); } = ValueDictionary<string, bool>.Empty;

    /// <summary>What Windows Security says about the firewall.</summary>
    public FirewallHealth? FirewallHealth { get; init; }

    /// <summary>The profiles that are active now.</summary>
    public IReadOnlyList<FirewallProfileStatus>? Profiles { get; init => field = ValueList.Of(value); }

    /// <summary>The names of other vendors' firewalls.</summary>
    public IReadOnlyList<string>? Products { get; init => field = ValueList.Of(value); }

    /// <summary>Whether the firewall lets packets from strangers to this program in; null when that is not known.</summary>
    public bool? LetsStrangersIn { get; init; }

    /// <summary>The number of rules that let traffic of a tunnel in, whoever made them.</summary>
    public int? EdgeTraversalRules { get; init; }

    /// <summary>Whether the system's filters block traffic through Teredo by default.</summary>
    public bool? HasDefaultBlockFilter { get; init; }

    /// <summary>Whether a filter lets this program's traffic in.</summary>
    public bool? HasPermitFilter { get; init; }

    /// <summary>Whether filters tell the Teredo service which programs listen.</summary>
    public bool? HasDormancyFilter { get; init; }

    /// <summary>The number of open sockets that keep Windows' Teredo from going dormant.</summary>
    public int Holds { get; init; }

    /// <summary>
    /// Since when an open opted-in socket has kept the client awake without a gap: at each minute it had a stable address and did not sleep. Null while it
    /// is not held.
    /// </summary>
    public DateTimeOffset? HeldSince { get; init; }

    /// <summary>The steps that were taken or tried to bring Teredo up, in order, each with its outcome.</summary>
    public IReadOnlyList<string> Steps { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>What is wrong or worth knowing. What the firewall lacks for this program is only noted here, because a program may need nothing of it.</summary>
    public IReadOnlyList<Finding> Findings { get; init => field = ValueList.Of(value); } = ValueList<Finding>.Empty;

    /// <summary>What the SDK could not read, and why.</summary>
    public IReadOnlyList<Finding> NotKnown { get; init => field = ValueList.Of(value); } = ValueList<Finding>.Empty;
}
