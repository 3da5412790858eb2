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

    public static XpConsentRequest EnableTeredo(string? server) => new(XpConsentKind.EnableTeredo,
        "Windows' Teredo will be enabled" + (server is null ? "" : $" with the server {server}")
        + ": it gives this computer an IPv6 address that others can reach through the router."
        + " To undo it, run 'netsh interface ipv6 set teredo disabled'.",
        "netsh " + Netsh.SetTeredoClient(server));

    public static XpConsentRequest OpenPort(int port, string name) => new(XpConsentKind.OpenPort,
        $"UDP port {port} will be opened in the Windows Firewall for all programs, under the name '{name}'."
        + " To undo it, remove that exception in the control panel.",
        "netsh " + Netsh.CommandLine("firewall", "add", "portopening", "UDP", $"{port}", IsSafe(name) ? name : "Teredo"));

    // People paste the command into a shell, which would read more in other characters. Nothing depends on the name.
    static bool IsSafe(string name) => name.All(c => char.IsLetterOrDigit(c) || " .-_()".IndexOf(c) >= 0);

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
