using System.Net.Sockets;

namespace TeredoSdk.Windows;

/// <summary>The firewall exception that a program needs so that strangers reach it through Teredo. The same request names the same rules.</summary>
/// <remarks>A method reads the request during the call only; later changes have no effect.</remarks>
public sealed class FirewallExceptionRequest
{
    /// <summary>The group of every rule that the SDK owns.</summary>
    public const string OwnGrouping = "TeredoSdk";

    /// <summary>The application's name, as people see it in the firewall: no '|', not "all". Has to be set.</summary>
    public string Name { get; set; } = "";

    /// <summary>The full path of the program, which exists; null for the Teredo UDP port alone. Variables in it are replaced at once.</summary>
    public string? ProgramPath { get; set; }

    /// <summary>The TCP port, 1 to 65535; null for all ports of the program, unless only <see cref="UdpPort"/> is named.</summary>
    public int? TcpPort { get; set; }

    /// <summary>The UDP port, 1 to 65535; null for all ports of the program, unless only <see cref="TcpPort"/> is named.</summary>
    public int? UdpPort { get; set; }

    /// <summary>
    /// Whether the tunnel's traffic gets in. <see cref="EdgeTraversal.DeferToApp"/> (the default) makes the socket's <see cref="IPProtectionLevel"/>
    /// the switch; where the system does not have it yet (Windows Vista), <see cref="EdgeTraversal.Allow"/> takes its place.
    /// </summary>
    public EdgeTraversal EdgeTraversal { get; set; } = EdgeTraversal.DeferToApp;

    /// <summary>Whether the Teredo client's own UDP port is opened, too; needed only where a rule of Windows for it is missing.</summary>
    public bool OpenTeredoPort { get; set; }

    /// <summary>Checks what can be checked without asking the system.</summary>
    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.InvalidFirewallRule"/>: the firewall takes no such name or port, or nothing is asked for; the message says what to do.
    /// </exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Name))
            throw Bad("The application's name is empty: give the name that people shall see in the firewall.");
        if (Name.Contains('|', StringComparison.Ordinal))
            throw Bad($"The name '{Name}' contains '|', which the firewall does not allow in names: leave it out.");
        if (Name.Equals("all", StringComparison.OrdinalIgnoreCase))
            throw Bad("The name 'all' means all rules to the firewall: choose another.");
        CheckPort(TcpPort, "TCP");
        CheckPort(UdpPort, "UDP");
        if (ProgramPath is not null)
            return;
        if (TcpPort is not null || UdpPort is not null)
            throw Bad("A port is opened for one program only: name the program that listens there.");
        if (!OpenTeredoPort)
            throw Bad("The request asks for nothing: name a program, or ask for the Teredo port.");
    }

    static void CheckPort(int? port, string protocol)
    {
        if (port is < 1 or > ushort.MaxValue)
            throw Bad($"The {protocol} port {port} is none: give one of 1 to {ushort.MaxValue}.");
    }

    static TeredoException Bad(string sentence) => new(TeredoError.InvalidFirewallRule, sentence);
}

/// <summary>Whether a firewall exception is in force.</summary>
public enum FirewallExceptionState
{
    /// <summary>The firewall can't be asked; the reason says why.</summary>
    NotKnown,
    /// <summary>A rule lets the traffic in.</summary>
    InForce,
    /// <summary>There is no such rule.</summary>
    Missing,
    /// <summary>There is one, but something overrides it: the profile, a policy, a block rule.</summary>
    Overridden,
    /// <summary>The firewall is off: nothing is blocked here, but Teredo may refuse to work without one.</summary>
    FirewallOff,
}

/// <summary>What a check of a firewall exception found.</summary>
public sealed record FirewallExceptionCheck
{
    /// <summary>Whether it is in force.</summary>
    public required FirewallExceptionState State { get; init; }

    /// <summary>The error when it is not, else null.</summary>
    public TeredoError? Error { get; init; }

    /// <summary>Why it is not, and the smallest step that would help; null when it is in force.</summary>
    public string? Problem { get; init; }

    /// <summary>The rules that count for it, the SDK's own and others'.</summary>
    public IReadOnlyList<FirewallRule> Rules { get; init => field = ValueList.Of(value); } = ValueList<FirewallRule>.Empty;
}
