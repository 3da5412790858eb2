namespace TeredoSdk.Testing;

/// <summary>The nine kinds of NAT in RFC 6081 §3 (figure 1); see <see cref="NatOptions.Of"/>.</summary>
public enum NatKind
{
    /// <summary>Endpoint-independent mapping and filtering.</summary>
    Cone,
    /// <summary>Endpoint-independent mapping, address-dependent filtering.</summary>
    AddressRestricted,
    /// <summary>Endpoint-independent mapping, address- and port-dependent filtering.</summary>
    PortRestricted,
    /// <summary>
    /// As <see cref="PortRestricted"/>, with a port mapping service: a requested port is open to anyone and used for all outgoing datagrams.
    /// </summary>
    UpnpPortRestricted,
    /// <summary>
    /// As <see cref="PortSymmetric"/>, with a port mapping service: a requested port is open to anyone, and is used towards the first destination.
    /// Other destinations get other ports (RFC 6081 §5.3).
    /// </summary>
    UpnpPortSymmetric,
    /// <summary>Symmetric; the external port equals the inside port unless another mapping has it (RFC 6081 §5.4).</summary>
    PortPreservingSymmetric,
    /// <summary>Symmetric; each external port is the previous one plus 1 (RFC 6081 §5.5).</summary>
    SequentialSymmetric,
    /// <summary>Symmetric with random ports on one external address.</summary>
    PortSymmetric,
    /// <summary>Symmetric with random ports; each destination gets another external address.</summary>
    AddressSymmetric,
}
