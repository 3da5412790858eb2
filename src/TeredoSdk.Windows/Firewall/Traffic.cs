using System.Globalization;

namespace TeredoSdk.Windows.Firewall;

/// <summary>A kind of inbound traffic that should get in: to a program or a service, of one protocol, to one port or to all ports.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Ports">The port's names; a rule must contain one of them. Empty for all ports.</param>
sealed record Traffic(FirewallProtocol Protocol, params IReadOnlyList<string> Ports)
{
    // The program of the process that services run in.
    const string ServiceHost = @"\svchost.exe";

    /// <summary>The program that listens; null for a service.</summary>
    public string? ProgramPath { get; init; }

    /// <summary>The service that listens; null for a program.</summary>
    public string? ServiceName { get; init; }

    /// <summary>Whether a rule for any one port is enough, because it is not known which port the program will use.</summary>
    public bool IsAnyPortEnough { get; init; }

    /// <summary>Whether the traffic comes out of a tunnel.</summary>
    public bool IsTunneled { get; init; }

    /// <summary>The program or service that listens, in words.</summary>
    public string Listener => ProgramPath is { } path ? $"'{path}'" : $"the service {ServiceName}";

    /// <summary>Whether an inbound rule concerns this listener and protocol. The rule's other conditions are not checked.</summary>
    public bool IsNamedBy(FirewallRule rule) => rule.Direction == FirewallDirection.In
        && (rule.Protocol == FirewallProtocol.Any || rule.Protocol == Protocol)
        && IsListener(rule);

    /// <summary>Whether a rule applies to the port or, when no port is named, to all ports.</summary>
    public bool HasPort(FirewallRule rule) => rule.LocalPorts is not { } ports || IsAnyPortEnough || Ports.Any(port => Contains(ports, port));

    bool IsListener(FirewallRule rule) => ServiceName is null
        ? rule.ServiceName is null && (rule.ProgramPath is not { } path || RuleComparison.SamePath(path, ProgramPath!))
        : (rule.ServiceName is null or "*" || rule.ServiceName.Equals(ServiceName, StringComparison.OrdinalIgnoreCase))
            && (rule.ProgramPath is not { } host || host.EndsWith(ServiceHost, StringComparison.OrdinalIgnoreCase));

    static bool Contains(string ports, string port) =>
        ports.Split(',', StringSplitOptions.TrimEntries).Any(item => item.Equals(port, StringComparison.OrdinalIgnoreCase) || IsWithin(item, port));

    static bool IsWithin(string range, string port) =>
        range.Split('-') is [var first, var last] && IsNumber(first, out int from) && IsNumber(last, out int to) && IsNumber(port, out int number)
        && from <= number && number <= to;

    static bool IsNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
