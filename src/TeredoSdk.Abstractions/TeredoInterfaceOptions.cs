namespace TeredoSdk;

/// <summary>Settings of a <c>TeredoInterfaceHost</c>, fixed when it starts.</summary>
public sealed record TeredoInterfaceOptions
{
    /// <summary>
    /// The settings of the Teredo client, copied. <see cref="TeredoOptions.Provider"/>, <see cref="TeredoOptions.Sockets"/>,
    /// <see cref="TeredoOptions.NativeIPv6"/> and <see cref="TeredoOptions.DormancyTimeout"/> have no meaning here.
    /// </summary>
    public TeredoOptions Options { get; init; } = new();

    /// <summary>The name of the network device, 1 to 15 octets; "teredo" by default.</summary>
    public string InterfaceName { get; init; } = "teredo";

    /// <summary>
    /// What to do when the machine has native IPv6. <see cref="NativeIPv6Mode.Instead"/> by default, as RFC 4380 §5.5 wants of a whole machine;
    /// <see cref="NativeIPv6Mode.Beside"/> is a departure from it.
    /// </summary>
    public NativeIPv6Mode NativeIPv6 { get; init; } = NativeIPv6Mode.Instead;
}
