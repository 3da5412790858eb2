namespace TeredoSdk.Testing;

/// <summary>The nine kinds of NAT that RFC 6081 §3 (figure 1) tells apart; see <see cref="NatOptions.Of"/>.</summary>
public enum NatKind
{
    /// <summary>Endpoint-independent mapping and filtering.</summary>
    Cone,
    /// <summary>Endpoint-independent mapping, address-dependent filtering.</summary>
    AddressRestricted,
    /// <summary>Endpoint-independent mapping, address- and port-dependent filtering.</summary>
    PortRestricted,
    /// <summary>As <see cref="PortRestricted"/>, with a port mapping service: a requested port is open to anyone and used for all outgoing datagrams.</summary>
    UpnpPortRestricted,
    /// <summary>
    /// As <see cref="PortSymmetric"/>, with a port mapping service: a requested port is open to anyone and used towards the first
    /// destination, other destinations get others (RFC 6081 §5.3).
    /// </summary>
    UpnpPortSymmetric,
    /// <summary>Symmetric; the external port is the inside port as long as no other mapping has it (RFC 6081 §5.4).</summary>
    PortPreservingSymmetric,
    /// <summary>Symmetric; the external port is the last one plus 1 (RFC 6081 §5.5).</summary>
    SequentialSymmetric,
    /// <summary>Symmetric with random ports on one external address.</summary>
    PortSymmetric,
    /// <summary>Symmetric with random ports and another external address for another destination.</summary>
    AddressSymmetric,
}
