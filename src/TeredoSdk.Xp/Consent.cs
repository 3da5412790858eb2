using System;
using System.Collections.Generic;
using System.Linq;

namespace TeredoSdk.Xp;

/// <summary>Makes the questions, and asks them.</summary>
static class Consent
{
    public static XpConsentRequest InstallIPv6() => new(XpConsentKind.InstallIPv6,
        "IPv6 will be installed on this computer, so that others can reach this program over the Internet."
        + " To undo it, run 'netsh interface ipv6 uninstall'.",
        "netsh " + Netsh.InstallIPv6);

    /// <summary>Teredo becomes a client, or gets another server or port.</summary>
    /// <param name="before">What Teredo is set to.</param>
    /// <param name="command">The arguments of netsh.</param>
    /// <param name="server">The server that it gets, or null.</param>
    /// <param name="port">The UDP port that it gets, or null.</param>
    public static XpConsentRequest EnableTeredo(TeredoSettings before, string command, string? server, int? port) => new(XpConsentKind.EnableTeredo,
        (before.IsClient ? "Windows' Teredo will be set up" : "Windows' Teredo will be enabled")
        + (server is null ? "" : $" with the server {server}") + (port is null ? "" : $" at UDP port {port}")
        + ": it gives this computer an IPv6 address that others can reach through the router."
        + $" To undo it, run 'netsh {Undoing(before, server, port)}'.",
        "netsh " + command);

    public static XpConsentRequest OpenPort(string protocol, int port, string name) => new(XpConsentKind.OpenPort,
        $"{protocol} port {port} will be opened in the Windows Firewall for all programs, under the name '{name}'."
        + " To undo it, remove that exception in the control panel.",
        "netsh " + Netsh.CommandLine("firewall", "add", "portopening", protocol, $"{port}", SafeName(name)));

    // The path is between quotation marks whatever is in it: a shell would read more in some characters. It contains none, and no percent sign.
    public static XpConsentRequest AllowProgram(string path, string name) => new(XpConsentKind.AllowProgram,
        $"All computers will be allowed to reach the program '{path}' through the Windows Firewall, under the name '{name}'."
        + " To undo it, remove that exception in the control panel.",
        $"netsh firewall add allowedprogram \"{path}\" {Netsh.CommandLine(SafeName(name))}");

    // People paste the command into a shell, which would read more in other characters. Nothing depends on the name.
    static string SafeName(string name) => name.All(c => char.IsLetterOrDigit(c) || " .-_()".IndexOf(c) >= 0) ? name : "Teredo";

    static string Undoing(TeredoSettings before, string? server, int? port)
    {
        string? clientPort = port is null ? null : before.FixedPort is { } former ? $"{former}" : "default";
        return before.IsClient ? Netsh.SetTeredo(before.Type, server is null ? null : before.Server, clientPort)
            : Netsh.SetTeredo("disabled", null, clientPort);
    }

    /// <summary>Asks all questions. Returns only when each was answered with yes.</summary>
    public static void Ask(Func<XpConsentRequest, bool>? consent, ICollection<XpConsentRequest> requests)
    {
        if (consent is null && requests.Count > 0)
            throw new XpTeredoException(XpTeredoError.ConsentMissing,
                "Nothing was changed, because nobody could be asked: give a callback that asks the user, or have an administrator run "
                + $"{Commands(requests)}.");
        foreach (var request in requests)
        {
            if (!consent!(request))
                throw new XpTeredoException(XpTeredoError.ConsentRefused,
                    $"Nothing was changed, because consent was refused ({request.Kind}): ask again when the user wants it,"
                    + $" or have an administrator run '{request.Command}'.");
        }
    }

    static string Commands(IEnumerable<XpConsentRequest> requests) =>
        string.Join(", then ", requests.Select(request => $"'{request.Command}'").ToArray());
}
