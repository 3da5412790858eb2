using TeredoSdk.Windows;

namespace TeredoSdk.Setup;

/// <summary>An application's needs on the machine: a firewall exception and, if wanted, Windows' Teredo switched on.</summary>
public sealed record TeredoSetupOptions
{
    /// <summary>
    /// The application's name as the firewall's settings show it: not empty, without '|', and not "all". It identifies the setup: a second setup with
    /// the same name changes the first.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The full path of the program, which must exist at setup. It must not be <c>dotnet.exe</c>, which runs every .NET program.</summary>
    public required string ProgramPath { get; init; }

    /// <summary>The TCP port, 1 to 65535. Null for all TCP ports of the program or, when <see cref="UdpPort"/> is set, for none.</summary>
    public int? TcpPort { get; init; }

    /// <summary>The UDP port, 1 to 65535. Null for all UDP ports of the program or, when <see cref="TcpPort"/> is set, for none.</summary>
    public int? UdpPort { get; init; }

    /// <summary>
    /// Whether traffic through the tunnel gets in: <see cref="EdgeTraversal.DeferToApp"/> (the default), <see cref="EdgeTraversal.Allow"/>, or
    /// <see cref="EdgeTraversal.Deny"/> for an exception that strangers can't use through Teredo.
    /// </summary>
    public EdgeTraversal EdgeTraversal { get; init; } = EdgeTraversal.DeferToApp;

    /// <summary>
    /// Whether Windows' Teredo is switched on. It stays on until the application is removed, even when the setup of another application switched it
    /// on. The caller must have the user's consent.
    /// </summary>
    public bool EnableTeredo { get; init; }

    /// <summary>
    /// The server that Windows' Teredo uses, an IPv4 address or a name; null keeps the present server. Only with <see cref="EnableTeredo"/>.
    /// </summary>
    public string? Server { get; init; }

    /// <summary>The Windows to set up; null (the default) for this machine's Windows, if it has one. Tests set a fake one.</summary>
    public IWindowsSystem? Windows { get; init; }

    /// <summary>
    /// The folder of the records that <see cref="TeredoSetup.PlanRemovalAsync"/> restores from; null (the default) for <c>TeredoSdk</c> in
    /// ProgramData on Windows, <c>/var/lib/teredosdk</c> elsewhere. The command <c>teredo</c> knows only the default folder, and only administrators
    /// can write to that one. Protect another folder as well: its records decide what a removal does.
    /// </summary>
    public string? RecordFolder { get; init; }

    /// <summary>Checks the options, as far as that is possible without asking the system.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Contains('|') || Name.Any(char.IsControl)
            || Name.Equals("all", StringComparison.OrdinalIgnoreCase))
            throw Bad(nameof(Name), Name, "a name for the firewall's list, without '|', and other than \"all\"");
        if (string.IsNullOrWhiteSpace(ProgramPath))
            throw Bad(nameof(ProgramPath), ProgramPath, "the full path of the program");
        if (TcpPort is < 1 or > ushort.MaxValue)
            throw Bad(nameof(TcpPort), TcpPort, "1 to 65535");
        if (UdpPort is < 1 or > ushort.MaxValue)
            throw Bad(nameof(UdpPort), UdpPort, "1 to 65535");
        if (EdgeTraversal is not (EdgeTraversal.Deny or EdgeTraversal.Allow or EdgeTraversal.DeferToApp))
            throw Bad(nameof(EdgeTraversal), EdgeTraversal, "DeferToApp, Allow or Deny");
        if (Server is not null && !TeredoActivation.IsServer(Server))
            throw Bad(nameof(Server), Server, "one IPv4 address or name in ASCII letters, such as teredo.example.net");
        if (Server is not null && !EnableTeredo)
            throw Bad(nameof(Server), Server, $"{nameof(EnableTeredo)} with it, because it is the server of Windows' Teredo");
    }

    internal FirewallExceptionRequest ToRequest() => new()
    {
        Name = Name,
        ProgramPath = ProgramPath,
        TcpPort = TcpPort,
        UdpPort = UdpPort,
        EdgeTraversal = EdgeTraversal,
    };

    static ArgumentException Bad(string option, object? value, string expected) => new($"{option} is '{value}'; expected {expected}.", option);
}
