namespace TeredoSdk;

/// <summary>Settings of a <c>TeredoInterfaceHost</c>. A host copies them when it starts; later changes do not affect it.</summary>
public sealed class TeredoInterfaceHostOptions
{
    /// <summary>
    /// The settings of the Teredo client. <see cref="TeredoOptions.Provider"/>, <see cref="TeredoOptions.Sockets"/>,
    /// <see cref="TeredoOptions.NativeIPv6"/> and <see cref="TeredoOptions.DormancyTimeout"/> have no effect here.
    /// </summary>
    public TeredoOptions Client { get; set; } = new();

    /// <summary>The name of the network device, 1 to 15 octets; "teredo" by default.</summary>
    public string InterfaceName { get; set; } = "teredo";

    /// <summary>
    /// What to do when the machine has native IPv6: <see cref="NativeIPv6Mode.Instead"/> by default, as RFC 4380 §5.5 requires of a whole machine.
    /// <see cref="NativeIPv6Mode.Beside"/> departs from it.
    /// </summary>
    public NativeIPv6Mode NativeIPv6 { get; set; } = NativeIPv6Mode.Instead;

    /// <summary>Checks every option that can be checked without asking the system.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (Client is null)
            throw BadOption.Of(nameof(Client), null, "the settings of the client");
        Client.Validate();
        BadOption.RequireInterfaceName(InterfaceName, nameof(InterfaceName));
        if (NativeIPv6 is < NativeIPv6Mode.Beside or > NativeIPv6Mode.Instead)
            throw BadOption.Of(nameof(NativeIPv6), NativeIPv6, "Beside or Instead");
    }

    /// <summary>
    /// Checks the options, and returns a copy that later changes do not affect. The host's own decisions replace options of the client.
    /// </summary>
    internal TeredoInterfaceHostOptions Snapshot()
    {
        Validate();
        var copy = (TeredoInterfaceHostOptions)MemberwiseClone();
        copy.Client = Client.Snapshot();
        (copy.Client.NativeIPv6, copy.Client.DormancyTimeout) = (NativeIPv6, TimeSpan.Zero); // a dormant interface can't be reached
        return copy;
    }
}
