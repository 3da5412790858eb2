namespace TeredoSdk.Xp;

/// <summary>The change that the user is asked to allow.</summary>
public enum XpConsentKind
{
    /// <summary>IPv6 is installed.</summary>
    InstallIPv6,
    /// <summary>Windows' Teredo client is enabled, or gets another server or UDP port.</summary>
    EnableTeredo,
    /// <summary>A port is opened in the firewall for all programs.</summary>
    OpenPort,
    /// <summary>A program is let through the firewall, at every port where it listens.</summary>
    AllowProgram,
}

/// <summary>A question to the user. Immutable.</summary>
public sealed class XpConsentRequest
{
    internal XpConsentRequest(XpConsentKind kind, string question, string command)
    {
        Kind = kind;
        Question = question;
        Command = command;
    }

    /// <summary>The change.</summary>
    public XpConsentKind Kind { get; }

    /// <summary>The question, as sentences for the user: what happens, why, and how to undo it.</summary>
    public string Question { get; }

    /// <summary>The command line that makes the same change by hand.</summary>
    public string Command { get; }
}
