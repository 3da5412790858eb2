using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.NetworkInformation;

namespace TeredoSdk.Windows;

/// <summary>The state of a service.</summary>
[Experimental("TEREDO001")]
public readonly record struct WindowsService
{
    /// <summary>Whether the service is installed.</summary>
    public bool Exists { get; init; }

    /// <summary>Whether the service runs.</summary>
    public bool IsRunning { get; init; }

    /// <summary>When the system starts the service; null when that is not known.</summary>
    public ServiceStartType? StartType { get; init; }

    /// <summary>Whether the service is disabled, so that it can't be started.</summary>
    public bool IsDisabled => StartType == ServiceStartType.Disabled;
}

/// <summary>When the system starts a service (<c>QUERY_SERVICE_CONFIG.dwStartType</c>).</summary>
public enum ServiceStartType
{
    /// <summary>At the start of the system (<c>SERVICE_AUTO_START</c>).</summary>
    Automatic = 2,
    /// <summary>When a program asks for it (<c>SERVICE_DEMAND_START</c>).</summary>
    Demand = 3,
    /// <summary>Never: it can't be started (<c>SERVICE_DISABLED</c>).</summary>
    Disabled = 4,
}

/// <summary>The output of netsh.</summary>
[Experimental("TEREDO001")]
public sealed record NetshOutput
{
    /// <summary>The exit code, which is 0 for many failures, too.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The text of both outputs, in the system's language.</summary>
    public required string Text { get; init; }
}

/// <summary>What Windows Security says about a kind of protection (<c>WSC_SECURITY_PROVIDER_HEALTH</c>).</summary>
public enum FirewallHealth
{
    /// <summary>A firewall is registered and on.</summary>
    Good,
    /// <summary>Windows Security does not monitor firewalls.</summary>
    NotMonitored,
    /// <summary>No firewall is on.</summary>
    Poor,
    /// <summary>The firewall is switched off for a while.</summary>
    Snooze,
}

/// <summary>The action of a filter of the edge-traversal sublayer.</summary>
[Experimental("TEREDO001")]
public enum EdgeTraversalFilterKind
{
    /// <summary>Another action.</summary>
    Other,
    /// <summary>The filter blocks traffic that comes in through a Teredo tunnel.</summary>
    DefaultBlock,
    /// <summary>The filter lets a program's traffic in.</summary>
    Permit,
    /// <summary>The filter tells the Teredo service which programs listen, which wakes the service (a dormancy callout).</summary>
    Dormancy,
}

/// <summary>A filter of the edge-traversal sublayer of the Windows Filtering Platform.</summary>
[Experimental("TEREDO001")]
public sealed record EdgeTraversalFilter
{
    /// <summary>The action of the filter.</summary>
    public required EdgeTraversalFilterKind Kind { get; init; }

    /// <summary>The display name.</summary>
    public required string Name { get; init; }

    /// <summary>The program that the filter is for, as a device path in lower case, or null for any program.</summary>
    public string? ProgramPath { get; init; }
}

/// <summary>An IPv6 address of an interface that is up.</summary>
[Experimental("TEREDO001")]
public sealed record WindowsAddress
{
    /// <summary>The address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The name of the interface that people see.</summary>
    public required string InterfaceName { get; init; }

    /// <summary>The IPv6 index of the interface.</summary>
    public int InterfaceIndex { get; init; }

    /// <summary>
    /// The state of the address; null when it is not known. Only <see cref="DuplicateAddressDetectionState.Preferred"/> is stable (<c>DadState</c> of
    /// <c>MIB_UNICASTIPADDRESS_ROW</c>). A stable Teredo address may still belong to a client that sleeps.
    /// </summary>
    public DuplicateAddressDetectionState? DadState { get; init; }

    /// <summary>Whether the interface is a tunnel (IF_TYPE_TUNNEL).</summary>
    public bool IsTunnel { get; init; }

    /// <summary>The MTU of the interface in octets, or 0 when it is not known.</summary>
    public int MtuOctets { get; init; }
}

/// <summary>A UDP socket that is bound, or a TCP socket that listens.</summary>
[Experimental("TEREDO001")]
public sealed record WindowsListener
{
    /// <summary>UDP or TCP.</summary>
    public required FirewallProtocol Protocol { get; init; }

    /// <summary>The address and port.</summary>
    public required IPEndPoint EndPoint { get; init; }
}

/// <summary>A network adapter.</summary>
[Experimental("TEREDO001")]
public sealed record WindowsAdapter
{
    /// <summary>The name that people see and can change.</summary>
    public required string Name { get; init; }

    /// <summary>The description that its driver gives.</summary>
    public required string Description { get; init; }

    /// <summary>Whether it is up.</summary>
    public bool IsUp { get; init; }
}
