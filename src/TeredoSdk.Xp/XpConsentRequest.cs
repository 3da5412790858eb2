namespace TeredoSdk.Xp;

/// <summary>What would be installed, enabled or opened.</summary>
public enum XpConsentKind
{
    /// <summary>IPv6 is installed.</summary>
    InstallIPv6,
    /// <summary>Windows' Teredo client is enabled, or gets another server.</summary>
    EnableTeredo,
    /// <summary>A UDP port is opened in the firewall for all programs.</summary>
    OpenPort,
}

/// <summary>A question to the person at the machine. Immutable.</summary>
public sealed class XpConsentRequest
{
    internal XpConsentRequest(XpConsentKind kind, string question, string command)
    {
        Kind = kind;
        Question = question;
        Command = command;
    }

    /// <summary>What would be done.</summary>
    public XpConsentKind Kind { get; }

    /// <summary>The question, as sentences for that person: what happens, why, and how it is undone.</summary>
    public string Question { get; }

    /// <summary>The command line that does the same by hand.</summary>
    public string Command { get; }
}
