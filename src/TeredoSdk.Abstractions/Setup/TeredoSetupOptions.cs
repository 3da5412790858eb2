using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows;

namespace TeredoSdk.Setup;

/// <summary>What an installer wants of the machine for an application: a firewall exception, and Windows' Teredo switched on if it says so.</summary>
/// <remarks>A plan copies them when it is made; later changes do not reach it.</remarks>
public sealed class TeredoSetupOptions
{
    /// <summary>
    /// The application's name as people see it in the firewall: no '|', not "all". Has to be set. It identifies the setup: a second one of the same name
    /// changes the first.
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>The full path of the program, which exists when it is set up. Has to be set; not <c>dotnet.exe</c>, which runs every program of .NET.</summary>
    public string ProgramPath { get; set; } = "";

    /// <summary>The TCP port, 1 to 65535; null for all ports of the program, unless only <see cref="UdpPort"/> is named.</summary>
    public int? TcpPort { get; set; }

    /// <summary>The UDP port, 1 to 65535; null for all ports of the program, unless only <see cref="TcpPort"/> is named.</summary>
    public int? UdpPort { get; set; }

    /// <summary>
    /// Whether the tunnel's traffic gets in: <see cref="EdgeTraversal.DeferToApp"/> (the default), <see cref="EdgeTraversal.Allow"/>, or
    /// <see cref="EdgeTraversal.Deny"/> for an exception that strangers can't use through Teredo.
    /// </summary>
    public EdgeTraversal EdgeTraversal { get; set; } = EdgeTraversal.DeferToApp;

    /// <summary>
    /// Whether Windows' Teredo is switched on, and stays on until the application is removed, also when it was set up for another one first. The
    /// person at the machine has agreed, which is the caller's to ask.
    /// </summary>
    public bool EnableTeredo { get; set; }

    /// <summary>
    /// The server that Windows' Teredo asks, an IPv4 address or a name; null keeps the present one. Only with <see cref="EnableTeredo"/>.
    /// </summary>
    public string? Server { get; set; }

    /// <summary>The Windows that is set up; null (the default) for the real one, where there is one. Tests put a fake one here.</summary>
    [Experimental("TEREDO001")]
    public IWindowsSystem? Windows { get; set; }

    /// <summary>
    /// The folder of the records that <c>TeredoSetup.PlanRemovalAsync</c> restores from; null (the default) for <c>TeredoSdk</c> in
    /// ProgramData on Windows, <c>/var/lib/teredosdk</c> elsewhere. The command <c>teredo</c> knows only the default, which only administrators can
    /// write to; who can write to another one decides what a removal does.
    /// </summary>
    public string? RecordFolder { get; set; }

    /// <summary>Checks what can be checked without asking the system.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
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
        if (Server is not null && !ServerName.IsForWindows(Server))
            throw Bad(nameof(Server), Server, "one IPv4 address or name in ASCII letters, such as teredo.example.net");
        if (Server is not null && !EnableTeredo)
            throw Bad(nameof(Server), Server, $"{nameof(EnableTeredo)} with it, since it is the server of Windows' Teredo");
    }

    /// <summary>A copy that later changes do not reach, checked.</summary>
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
