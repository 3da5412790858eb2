using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>Finds the IPv6 addresses of peers that are dialled by name.</summary>
static class PeerNames
{
    /// <summary>Asks the system for AAAA records only. A resolver that sees no IPv6 address on this machine would otherwise leave them out.</summary>
    /// <exception cref="SocketException">The name has no IPv6 address, or no name server answers.</exception>
    public static Task<IPAddress[]> QueryAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, AddressFamily.InterNetworkV6, cancellationToken);

    /// <summary>Finds the IPv6 addresses of a host. Those of Teredo peers come first, because they need no relay.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="query">Asks for the name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TeredoException">The host has no IPv6 address.</exception>
    public static async Task<IPAddress[]> ResolveAsync(string host, Func<CancellationToken, Task<IPAddress[]>> query, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        if (IPAddress.TryParse(host, out var literal))
        {
            return literal.AddressFamily == AddressFamily.InterNetworkV6 ? [literal] : throw new TeredoException(TeredoError.DestinationNotAllowed,
                $"{host} is an IPv4 address; expected the Teredo address of a peer, another IPv6 address, or a name that has one.");
        }
        try
        {
            var addresses = await query(cancellationToken).ConfigureAwait(false);
            var usable = addresses.Where(address => !address.IsIPv4MappedToIPv6).OrderByDescending(address => IPv6Address.FromIPAddress(address).IsTeredo).ToArray();
            return usable.Length > 0 ? usable : throw new SocketException((int)SocketError.NoData);
        }
        catch (SocketException e)
        {
            string advice = Socket.OSSupportsIPv6 ? "Check its spelling and this machine's DNS"
                : "IPv6 is switched off for .NET in this process: remove DOTNET_SYSTEM_NET_DISABLEIPV6 from its environment, or the setting System.Net.DisableIPv6";
            throw new TeredoException(TeredoError.HostNotResolved,
                $"The name {host} can't be resolved to an IPv6 address ({e.Message}). {advice}, or use the peer's Teredo address.", e);
        }
    }
}
