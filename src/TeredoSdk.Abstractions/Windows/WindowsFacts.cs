using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace TeredoSdk.Windows;

/// <summary>Where a service stands.</summary>
[Experimental("TEREDO001")]
public readonly record struct WindowsService
{
    /// <summary>Whether it is installed.</summary>
    public bool Exists { get; init; }

    /// <summary>Whether it runs.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Whether it may not be started.</summary>
    public bool IsDisabled { get; init; }
}

/// <summary>What netsh printed.</summary>
[Experimental("TEREDO001")]
public sealed record NetshOutput
{
    /// <summary>Its exit code, which is 0 for many failures, too.</summary>
    public required int ExitCode { get; init; }

    /// <summary>What it printed to both outputs, in the system's language.</summary>
    public required string Text { get; init; }
}

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
[Experimental("TEREDO001")]
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
[Experimental("TEREDO001")]
public sealed record EdgeTraversalFilter
{
    /// <summary>What it does.</summary>
    public required EdgeTraversalFilterKind Kind { get; init; }

    /// <summary>Its display name.</summary>
    public required string Name { get; init; }

    /// <summary>The program it is for, as a device path in lower case, or null for any.</summary>
    public string? ProgramPath { get; init; }
}

/// <summary>An IPv6 address of an interface that is up.</summary>
[Experimental("TEREDO001")]
public sealed record WindowsAddress
{
    /// <summary>The address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The interface's name as people see it.</summary>
    public required string InterfaceName { get; init; }

    /// <summary>Its IPv6 index.</summary>
    public int InterfaceIndex { get; init; }

    /// <summary>Whether it is a tunnel (IF_TYPE_TUNNEL).</summary>
    public bool IsTunnel { get; init; }

    /// <summary>Its MTU, or 0 when not known.</summary>
    public int MtuOctets { get; init; }
}
