using System.Net.Sockets;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows;

/// <summary>A firewall exception through which strangers can reach a program over Teredo. Equal requests name the same rules.</summary>
/// <remarks>A method uses the request only during its call; later changes have no effect.</remarks>
public sealed class FirewallExceptionRequest
{
    /// <summary>The group of every rule that the SDK owns.</summary>
    public const string OwnGrouping = "TeredoSdk";

    /// <summary>The application's name as people see it in the firewall: without '|', control characters and lone surrogates, and not "all". Required.</summary>
    public string Name { get; set; } = "";

    /// <summary>
    /// The full path of the program, which must exist; null for the Teredo UDP port alone. Variables in the path are replaced at once.
    /// </summary>
    public string? ProgramPath { get; set; }

    /// <summary>The TCP port, 1 to 65535. Null for all TCP ports of the program, or for no TCP port when only <see cref="UdpPort"/> is set.</summary>
    public int? TcpPort { get; set; }

    /// <summary>The UDP port, 1 to 65535. Null for all UDP ports of the program, or for no UDP port when only <see cref="TcpPort"/> is set.</summary>
    public int? UdpPort { get; set; }

    /// <summary>
    /// Whether traffic of the tunnel gets in. With <see cref="EdgeTraversal.DeferToApp"/> (the default) the socket's <see cref="IPProtectionLevel"/>
    /// decides.
    /// </summary>
    public EdgeTraversal EdgeTraversal { get; set; } = EdgeTraversal.DeferToApp;

    /// <summary>Whether to open the Teredo client's own UDP port, too. This is needed only where Windows' rule for it is missing.</summary>
    public bool OpenTeredoPort { get; set; }

    /// <summary>Checks what can be checked without asking the system.</summary>
    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.InvalidFirewallRule"/>: the firewall does not accept the name or a port, or the request asks for nothing; the message
    /// says what to do.
    /// </exception>
    public void Validate()
    {
        if (RequestChecks.NameProblem(Name) is { } problem)
            throw Bad($"The application's name '{Name}' is {problem}.");
        CheckPort(TcpPort, "TCP");
        CheckPort(UdpPort, "UDP");
        if (ProgramPath is not null)
            return;
        if (TcpPort is not null || UdpPort is not null)
            throw Bad("A port is opened for one program only: name the program that listens there.");
        if (!OpenTeredoPort)
            throw Bad("The request asks for nothing: name a program, or ask for the Teredo port.");
    }

    /// <summary>A copy that no later change reaches.</summary>
    internal FirewallExceptionRequest Snapshot() => (FirewallExceptionRequest)MemberwiseClone();

    /// <summary>A copy for the path by which the firewall knows the program.</summary>
    internal FirewallExceptionRequest With(string programPath)
    {
        var copy = Snapshot();
        copy.ProgramPath = programPath;
        return copy;
    }

    static void CheckPort(int? port, string protocol)
    {
        if (port is < 1 or > ushort.MaxValue)
            throw Bad($"{port} is not a {protocol} port: give a number of 1 to {ushort.MaxValue}.");
    }

    static TeredoException Bad(string sentence) => new(TeredoError.InvalidFirewallRule, sentence);
}

/// <summary>The result of a check of a firewall exception.</summary>
public sealed record FirewallExceptionCheck
{
    internal FirewallExceptionCheck()
    {
    }

    /// <summary>Whether the firewall lets the traffic in; null when that is not known. A firewall that is off lets everything in.</summary>
    public required bool? LetsIn { get; init; }

    /// <summary>
    /// Why the traffic does not get in, or why that is not known, and the smallest step that would help. Null when a rule lets it in; a firewall that is
    /// off has a finding, too.
    /// </summary>
    public Finding? Finding { get; init; }

    /// <summary>The rules that matter for the exception, whether the SDK or others made them.</summary>
    public IReadOnlyList<FirewallRule> Rules { get; init => field = ValueList.Of(value); } = ValueList<FirewallRule>.Empty;
}
