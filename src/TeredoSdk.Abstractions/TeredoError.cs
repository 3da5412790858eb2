namespace TeredoSdk;

/// <summary>What went wrong. <see cref="Exception.Message"/> of the <see cref="TeredoException"/> says why, and what to do.</summary>
public enum TeredoError
{
    /// <summary>No Teredo server is configured.</summary>
    NoServer,
    /// <summary>None of the names of the configured servers could be resolved.</summary>
    ServerNotResolved,
    /// <summary>No server answered from its primary address: UDP is blocked, or the servers are down.</summary>
    ServerUnreachable,
    /// <summary>The server's secondary address did not answer, and <see cref="TeredoOptions.RequireSecondary"/> is set.</summary>
    SecondaryUnreachable,
    /// <summary>The NAT is symmetric, and symmetric NAT support is switched off.</summary>
    SymmetricNat,
    /// <summary>The mapped address, which the server saw, is not a public address.</summary>
    MappedAddressNotGlobal,
    /// <summary>There is no IPv4 path to the server.</summary>
    NetworkUnavailable,
    /// <summary>Qualification took longer than <see cref="TeredoOptions.QualificationTimeout"/>.</summary>
    QualificationTimeout,
    /// <summary>A port is in use, or this process may not use it.</summary>
    PortUnavailable,
    /// <summary>There is no Teredo address at the moment.</summary>
    NoAddress,
    /// <summary>Teredo packets may not be sent to the destination's address.</summary>
    DestinationNotAllowed,
    /// <summary>The peer can't be reached: it did not answer.</summary>
    PeerUnreachable,
    /// <summary>This node talks to as many peers as it can remember, in all or at the peer's IPv4 address. The peer itself may be well.</summary>
    TooManyPeers,
    /// <summary>The provider in use does not support the operation.</summary>
    NotSupported,
    /// <summary>Kernel sockets are not available on this machine: the system refuses something that they need.</summary>
    KernelSocketsUnavailable,
    /// <summary>A network device of this machine can't be made or changed, or another program removed it.</summary>
    NetworkDeviceUnavailable,
    /// <summary>This machine has no Teredo interface, or the interface is not usable.</summary>
    InterfaceUnavailable,
    /// <summary>The peer's name has no IPv6 address.</summary>
    HostNotResolved,
    /// <summary>The node's address changed. The connection used the old address, which is no longer valid.</summary>
    AddressChanged,
    /// <summary>The peer refused the connection: nothing listens at the port, or what listens there broke it off at once.</summary>
    ConnectionRefused,
    /// <summary>This process does not have the rights that the operation needs.</summary>
    AccessDenied,
    /// <summary>Windows' Teredo is switched off: its type is set to disabled.</summary>
    TeredoDisabled,
    /// <summary>Windows' Teredo is off because nobody switched it on (the default since Windows 10 1803).</summary>
    TeredoDisabledByDefault,
    /// <summary>The registry value DisabledComponents switches Teredo off.</summary>
    TeredoDisabledByRegistry,
    /// <summary>A group policy switches Teredo off.</summary>
    TeredoDisabledByPolicy,
    /// <summary>IPv6 is switched off, or not installed.</summary>
    IPv6Disabled,
    /// <summary>Windows' Teredo is offline and has no address; the message says why.</summary>
    TeredoOffline,
    /// <summary>A service that Teredo or the firewall needs is not running.</summary>
    ServiceStopped,
    /// <summary>There is no firewall, or the SDK can't read its state.</summary>
    FirewallUnavailable,
    /// <summary>The firewall is off, and Windows' Teredo may refuse to work without it.</summary>
    FirewallOff,
    /// <summary>The firewall has no exception for this program.</summary>
    FirewallExceptionMissing,
    /// <summary>The firewall has an exception, but a policy, a profile or another rule overrides it.</summary>
    FirewallExceptionOverridden,
    /// <summary>The firewall would not accept a rule: its name, a port or its program is not valid.</summary>
    InvalidFirewallRule,
    /// <summary>The program does not exist, or it is dotnet.exe: a rule for that would open every .NET program.</summary>
    InvalidProgram,
    /// <summary>The person at the machine did not consent.</summary>
    ConsentRefused,
    /// <summary>The file of <see cref="TeredoOptions.CaptureFile"/> can't be written.</summary>
    CaptureUnavailable,
    /// <summary>A step of a setup did not have the expected outcome.</summary>
    SetupFailed,
}
