using System.Net;

namespace TeredoSdk.Windows;

/// <summary>Where a service stands.</summary>
/// <param name="Exists">Whether it is installed.</param>
/// <param name="IsRunning">Whether it runs.</param>
/// <param name="IsDisabled">Whether it may not be started.</param>
public readonly record struct WindowsService(bool Exists, bool IsRunning, bool IsDisabled);

/// <summary>What netsh printed.</summary>
/// <param name="ExitCode">Its exit code, which is 0 for many failures, too.</param>
/// <param name="Text">What it printed to both outputs, in the system's language.</param>
public sealed record NetshOutput(int ExitCode, string Text);

/// <summary>What Windows Security says of a kind of protection (<c>WSC_SECURITY_PROVIDER_HEALTH</c>).</summary>
public enum FirewallHealth
{
    /// <summary>A firewall is registered and on.</summary>
    Good,
    /// <summary>Nobody watches.</summary>
    NotMonitored,
    /// <summary>None is on.</summary>
    Poor,
    /// <summary>It was put to sleep.</summary>
    Snooze,
}

/// <summary>What a filter of the edge-traversal sublayer does.</summary>
public enum EdgeTraversalFilterKind
{
    /// <summary>Something else.</summary>
    Other,
    /// <summary>Blocks what comes in through a Teredo tunnel.</summary>
    DefaultBlock,
    /// <summary>Lets a program's traffic in.</summary>
    Permit,
    /// <summary>Tells the Teredo service who listens, which wakes it (a dormancy callout).</summary>
    Dormancy,
}

/// <summary>A filter of the edge-traversal sublayer of the Windows Filtering Platform.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Name">Its display name.</param>
/// <param name="ProgramPath">The program it is for, as a device path in lower case, or null for any.</param>
public sealed record EdgeTraversalFilter(EdgeTraversalFilterKind Kind, string Name, string? ProgramPath = null);

/// <summary>An IPv6 address of an interface that is up.</summary>
/// <param name="Address">The address.</param>
/// <param name="InterfaceName">The interface's name as people see it.</param>
/// <param name="InterfaceIndex">Its IPv6 index.</param>
/// <param name="IsTunnel">Whether it is a tunnel (IF_TYPE_TUNNEL).</param>
/// <param name="MtuOctets">Its MTU, or 0 when not known.</param>
public sealed record WindowsAddress(IPAddress Address, string InterfaceName, int InterfaceIndex, bool IsTunnel, int MtuOctets);
