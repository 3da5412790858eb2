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
/// <param name="Kind">What would be done.</param>
/// <param name="Question">The question, as sentences for that person: what happens, why, and how it is undone.</param>
/// <param name="Command">The command line that does the same by hand.</param>
public sealed record ConsentRequest(ConsentKind Kind, string Question, string Command);
