namespace TeredoSdk.Windows;

/// <summary>What the SDK would install or enable on this machine.</summary>
public enum ConsentKind
{
    /// <summary>Enable Windows' Teredo client.</summary>
    EnableTeredo,
    /// <summary>Install IPv6 (Windows XP and Server 2003).</summary>
    InstallIPv6,
    /// <summary>Start a service, or allow it to start.</summary>
    StartService,
    /// <summary>Open a port in the firewall for all programs.</summary>
    OpenPort,
    /// <summary>Let strangers reach a port of this program through Teredo while the program listens there.</summary>
    AddFirewallException,
}

/// <summary>A question to the person at the machine.</summary>
public sealed record ConsentRequest
{
    /// <summary>What the SDK would do.</summary>
    public required ConsentKind Kind { get; init; }

    /// <summary>The question, as sentences for that person: what happens, why, and how to undo it.</summary>
    public required string Question { get; init; }

    /// <summary>The command line that does the same by hand.</summary>
    public required string Command { get; init; }
}
