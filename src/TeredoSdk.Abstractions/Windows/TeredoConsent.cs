namespace TeredoSdk.Windows;

/// <summary>What the SDK would install or enable on this machine.</summary>
public enum ConsentKind
{
    /// <summary>Windows' Teredo client is enabled.</summary>
    EnableTeredo,
    /// <summary>IPv6 is installed (Windows XP and Server 2003).</summary>
    InstallIPv6,
    /// <summary>A service is started, or allowed to start.</summary>
    StartService,
    /// <summary>A port is opened in the firewall for all programs.</summary>
    OpenPort,
}

/// <summary>A question to the person at the machine.</summary>
public sealed record ConsentRequest
{
    /// <summary>What would be done.</summary>
    public required ConsentKind Kind { get; init; }

    /// <summary>The question, as sentences for that person: what happens, why, and how it is undone.</summary>
    public required string Question { get; init; }

    /// <summary>The command line that does the same by hand.</summary>
    public required string Command { get; init; }
}
