namespace TeredoSdk;

/// <summary>What went wrong. The sentence that says what to do is <see cref="Exception.Message"/> of the <see cref="TeredoException"/>.</summary>
public enum TeredoError
{
    /// <summary>No Teredo server is configured.</summary>
    NoServer,
    /// <summary>The name of no configured server could be resolved.</summary>
    ServerNotResolved,
    /// <summary>No server answered at its primary address: UDP is blocked, or the servers are down.</summary>
    ServerUnreachable,
    /// <summary>The server's secondary address did not answer, and <see cref="TeredoOptions.RequireSecondary"/> insists on it.</summary>
    SecondaryUnreachable,
    /// <summary>The NAT is symmetric, and symmetric NAT support is switched off.</summary>
    SymmetricNat,
    /// <summary>The server saw an address that is not a public one.</summary>
    MappedAddressNotGlobal,
    /// <summary>There is no IPv4 path to the server.</summary>
    NetworkUnavailable,
    /// <summary>Qualification took longer than <see cref="TeredoOptions.QualificationTimeout"/>.</summary>
    QualificationTimeout,
    /// <summary>A port is taken or may not be used.</summary>
    PortUnavailable,
    /// <summary>There is no Teredo address at the moment.</summary>
    NoAddress,
    /// <summary>The destination is not one that Teredo packets may be sent to.</summary>
    DestinationNotAllowed,
    /// <summary>The peer did not answer lately.</summary>
    PeerUnreachable,
    /// <summary>The provider in use cannot do what was asked for.</summary>
    NotSupported,
    /// <summary>Kernel sockets can't be had on this machine: the system refuses what they need.</summary>
    KernelSocketsUnavailable,
    /// <summary>A network device of this machine can't be made or changed, or was taken away.</summary>
    NetworkDeviceUnavailable,
    /// <summary>There is no Teredo interface on this machine, or it is not usable.</summary>
    InterfaceUnavailable,
    /// <summary>The name of a peer has no IPv6 address.</summary>
    HostNotResolved,
    /// <summary>The node has another address now; the old one, which the connection used, is void.</summary>
    AddressChanged,
    /// <summary>The peer refused: nothing listens at that port.</summary>
    ConnectionRefused,
    /// <summary>Rights are missing for what was asked for.</summary>
    AccessDenied,
    /// <summary>Windows' Teredo is switched off: its type is disabled.</summary>
    TeredoDisabled,
    /// <summary>Windows' Teredo is off because nobody switched it on (the default since Windows 10 1803).</summary>
    TeredoDisabledByDefault,
    /// <summary>The registry value DisabledComponents switches Teredo off.</summary>
    TeredoDisabledByRegistry,
    /// <summary>A group policy switches Teredo off.</summary>
    TeredoDisabledByPolicy,
    /// <summary>IPv6 is switched off, or not installed.</summary>
    IPv6Disabled,
    /// <summary>Windows' Teredo has no address: it is offline, and the message says why.</summary>
    TeredoOffline,
    /// <summary>A service that Teredo or the firewall needs does not run.</summary>
    ServiceStopped,
    /// <summary>There is no firewall, or it can't be asked.</summary>
    FirewallUnavailable,
    /// <summary>The firewall is off, without which Windows' Teredo may refuse to work.</summary>
    FirewallOff,
    /// <summary>The firewall has no exception for this program.</summary>
    FirewallExceptionMissing,
    /// <summary>The firewall has an exception, but a policy, a profile or another rule overrides it.</summary>
    FirewallExceptionOverridden,
    /// <summary>A firewall rule would not be valid: its name, its ports or its program.</summary>
    InvalidFirewallRule,
    /// <summary>The program does not exist, or a rule for it would open every program of its kind (dotnet.exe).</summary>
    InvalidProgram,
    /// <summary>The person said no.</summary>
    ConsentRefused,
    /// <summary>The file of <see cref="TeredoOptions.CaptureFile"/> can't be written.</summary>
    CaptureUnavailable,
    /// <summary>A step of a setup did not have the outcome it should have.</summary>
    SetupFailed,
}
