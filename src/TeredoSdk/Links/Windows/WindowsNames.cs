using System.Net;
using TeredoSdk.Machine;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;

namespace TeredoSdk.Links.Windows;

/// <summary>
/// Finds the IPv6 addresses of names. Where Teredo is the only IPv6, Windows' resolver may not ask for IPv6 addresses, so this class asks itself.
/// </summary>
/// <remarks>Source: "Receiving Solicited Traffic Over Teredo".</remarks>
static class WindowsNames
{
    public static async Task<IPAddress[]> QueryAsync(IWindowsSystem windows, string host, CancellationToken cancellationToken)
    {
        if (!WindowsAddresses.HasNative(windows)
            && (await windows.ResolveAsync(host, cancellationToken).ConfigureAwait(false)).ValueOrDefault is { Length: > 0 } addresses)
            return addresses;
        return await PeerNames.QueryAsync(host, cancellationToken).ConfigureAwait(false);
    }
}
