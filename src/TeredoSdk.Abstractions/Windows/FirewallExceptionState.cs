namespace TeredoSdk.Windows;

/// <summary>Whether a firewall exception is in force.</summary>
public enum FirewallExceptionState
{
    /// <summary>The state of the firewall can't be read; the problem says why.</summary>
    NotKnown,
    /// <summary>A rule lets the traffic in.</summary>
    InForce,
    /// <summary>No rule lets the traffic in.</summary>
    Missing,
    /// <summary>A rule lets the traffic in, but something overrides it: the profile, a policy or a block rule.</summary>
    Overridden,
    /// <summary>The firewall is off. It blocks nothing, but Windows' Teredo may refuse to work without a firewall.</summary>
    FirewallOff,
}
