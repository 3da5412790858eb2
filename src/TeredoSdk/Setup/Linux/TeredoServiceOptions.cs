namespace TeredoSdk.Setup.Linux;

/// <summary>Which command of <c>teredo</c> runs as a service.</summary>
public enum TeredoService
{
    /// <summary><c>teredo server</c>: a Teredo server.</summary>
    Server,
    /// <summary><c>teredo relay</c>: a Teredo relay.</summary>
    Relay,
    /// <summary><c>teredo client</c>: a Teredo interface for the whole machine.</summary>
    Client,
}

/// <summary>What manages the packet filter of a Linux machine.</summary>
public enum LinuxFirewall
{
    /// <summary>The one that is in force: firewalld, else ufw, else rules of nftables that block the port. The default.</summary>
    Auto,
    /// <summary>firewalld: a policy of its own, and the port opened at once in the zones.</summary>
    Firewalld,
    /// <summary>ufw: a rule with a comment.</summary>
    Ufw,
    /// <summary>nftables: a rule with a comment at the head of each chain that blocks the port, and a unit that adds it again after a restart.</summary>
    Nftables,
    /// <summary>No exception is made.</summary>
    None,
}

/// <summary>A command of <c>teredo</c> that shall run as a service of a Linux machine with systemd.</summary>
/// <remarks>A plan copies the options when it is made; later changes do not affect it.</remarks>
public sealed class TeredoServiceOptions
{
    /// <summary>The command. Its unit is <c>teredo-server.service</c>, <c>teredo-relay.service</c> or <c>teredo-client.service</c>.</summary>
    public TeredoService Service { get; set; }

    /// <summary>
    /// The full path of the program <c>teredo</c>. Required for a setup. Only root may be able to change it, its folder, and the folders above: whoever
    /// can change what a service runs is as mighty as the service.
    /// </summary>
    public string ProgramPath { get; set; } = "";

    /// <summary>The command's arguments without its name, for example <c>--address 192.0.2.1</c>. They are not checked, except for control characters.</summary>
    public IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>
    /// The UDP port that the firewall lets in over IPv4, 1 to 65535: the one that <see cref="Arguments"/> name. Null for no exception, for example
    /// because the port is chosen anew at each start.
    /// </summary>
    public int? UdpPort { get; set; }

    /// <summary>The firewall that gets the exception.</summary>
    public LinuxFirewall Firewall { get; set; }

    /// <summary>Checks the options, as far as that is possible without asking the system.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Service))
            throw Bad(nameof(Service), Service, "Server, Relay or Client");
        if (!Enum.IsDefined(Firewall))
            throw Bad(nameof(Firewall), Firewall, "Auto, Firewalld, Ufw, Nftables or None");
        if (!ProgramPath.StartsWith('/') || ProgramPath.Any(char.IsControl))
            throw Bad(nameof(ProgramPath), ProgramPath, "the full path of the program, without control characters");
        if (Arguments.FirstOrDefault(argument => argument.Any(char.IsControl)) is { } bad)
            throw Bad(nameof(Arguments), bad, "arguments without control characters");
        if (UdpPort is < 1 or > ushort.MaxValue)
            throw Bad(nameof(UdpPort), UdpPort, "1 to 65535");
    }

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoServiceOptions Snapshot()
    {
        Validate();
        var copy = (TeredoServiceOptions)MemberwiseClone();
        copy.Arguments = [.. Arguments];
        return copy;
    }

    static ArgumentException Bad(string option, object? value, string expected) => BadOption.Of(option, $"'{value}'", expected);
}
