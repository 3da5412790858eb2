using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>What an application needs on the machine: a firewall exception and, if wanted, Windows' Teredo switched on.</summary>
/// <remarks>A plan copies the options when it is made; later changes do not affect it.</remarks>
public sealed class TeredoSetupOptions
{
    /// <summary>
    /// The application's name as the firewall's settings show it: not empty, without '|', and not "all". Required. The name and the program identify the
    /// setup: a second setup of the same program and name changes the first, and another program of that name has a setup of its own.
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>
    /// The full path of the program, which must exist at setup. Required. A program that runs others, such as <c>dotnet.exe</c>,
    /// <c>svchost.exe</c> or <c>python.exe</c>, is refused: its rule would be for all of them.
    /// </summary>
    public string ProgramPath { get; set; } = "";

    /// <summary>The TCP port, 1 to 65535. Null for all TCP ports of the program, or for no TCP port when <see cref="UdpPort"/> is set.</summary>
    public int? TcpPort { get; set; }

    /// <summary>The UDP port, 1 to 65535. Null for all UDP ports of the program, or for no UDP port when <see cref="TcpPort"/> is set.</summary>
    public int? UdpPort { get; set; }

    /// <summary>
    /// Whether traffic through the tunnel gets in: <see cref="EdgeTraversal.DeferToApp"/> (the default), <see cref="EdgeTraversal.Allow"/>, or
    /// <see cref="EdgeTraversal.Deny"/> for an exception that strangers can't use through Teredo.
    /// </summary>
    public EdgeTraversal EdgeTraversal { get; set; } = EdgeTraversal.DeferToApp;

    /// <summary>
    /// Whether Windows' Teredo is switched on. It stays on until the application is removed, even when the setup of another application switched it
    /// on. The caller must have the user's consent.
    /// </summary>
    public bool EnableTeredo { get; set; }

    /// <summary>
    /// The server that Windows' Teredo uses, an IPv4 address or a name, or <c>default</c> for Microsoft's; null keeps the present server. A
    /// server needs <see cref="EnableTeredo"/>.
    /// </summary>
    public string? Server { get; set; }

    /// <summary>The Windows to set up; null (the default) for this machine's Windows, if it has one. Tests can set a fake Windows.</summary>
    [Experimental("TEREDO001")]
    public IWindowsSystem? Windows { get; set; }

    /// <summary>
    /// The folder of the records from which <c>TeredoSetup.PlanRemovalAsync</c> restores the former settings; null (the default) for <c>TeredoSdk</c>
    /// in ProgramData on Windows, <c>/var/lib/teredosdk</c> elsewhere. The command <c>teredo</c> knows only the default folder, and only
    /// administrators can write to that folder. If you choose another folder, protect it as well: its records decide what a removal does.
    /// </summary>
    public string? RecordFolder { get; set; }

    /// <summary>The clock for waits, such as those until the firewall shows a new rule; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks the options, as far as that is possible without asking the system.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (RequestChecks.NameProblem(Name) is not null)
            throw Bad(nameof(Name), Name, "a name for the firewall's list, without '|' and lone surrogates, and other than \"all\"");
        if (string.IsNullOrWhiteSpace(ProgramPath))
            throw Bad(nameof(ProgramPath), ProgramPath, "the full path of the program");
        if (TcpPort is < 1 or > ushort.MaxValue)
            throw Bad(nameof(TcpPort), TcpPort, "1 to 65535");
        if (UdpPort is < 1 or > ushort.MaxValue)
            throw Bad(nameof(UdpPort), UdpPort, "1 to 65535");
        if (EdgeTraversal is not (EdgeTraversal.Deny or EdgeTraversal.Allow or EdgeTraversal.DeferToApp))
            throw Bad(nameof(EdgeTraversal), EdgeTraversal, "DeferToApp, Allow or Deny");
        if (Server is not null && !ServerName.IsForWindows(Server))
            throw Bad(nameof(Server), Server, "one IPv4 address or name in ASCII letters, such as teredo.example.net");
        if (Server is not null && !EnableTeredo)
            throw Bad(nameof(Server), Server, $"{nameof(EnableTeredo)} to be set as well, because the server is a setting of Windows' Teredo");
        BadOption.RequireClock(TimeProvider);
    }

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoSetupOptions Snapshot()
    {
        Validate();
        return (TeredoSetupOptions)MemberwiseClone();
    }

    internal FirewallExceptionRequest ToRequest() => new()
    {
        Name = Name,
        ProgramPath = ProgramPath,
        TcpPort = TcpPort,
        UdpPort = UdpPort,
        EdgeTraversal = EdgeTraversal,
    };

    static ArgumentException Bad(string option, object? value, string expected) => BadOption.Of(option, $"'{value}'", expected);
}
