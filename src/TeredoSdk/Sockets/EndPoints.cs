using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Sockets;

/// <summary>The end points that callers hand in.</summary>
static class EndPoints
{
    /// <exception cref="ArgumentException">It is not an IPv6 one, or its port is 0.</exception>
    public static void Check(IPEndPoint endPoint, string parameter)
    {
        ArgumentNullException.ThrowIfNull(endPoint, parameter);
        if (endPoint.AddressFamily != AddressFamily.InterNetworkV6 || endPoint.Port == 0)
            throw new ArgumentException($"{parameter} is {endPoint}; expected an IPv6 address and a port of 1 to 65535.", parameter);
    }

    /// <summary>Why nothing can be sent to an address over Teredo, or null.</summary>
    /// <remarks>Whatever provides the address: what a peer or a name server says never leads to this machine itself or its LAN.</remarks>
    public static TeredoException? RefusalOf(IPAddress address) =>
        IPv6Address.FromIPAddress(address).IsGlobalUnicast ? null : Problems.DestinationNotAllowed($"{address}", "not global");

    /// <exception cref="ArgumentException">The port is no port, or 0 where that has no meaning.</exception>
    public static ushort CheckPort(int port, bool allowZero = true)
    {
        if (port is < 0 or > ushort.MaxValue || (port == 0 && !allowZero))
            throw new ArgumentOutOfRangeException(nameof(port), port, allowZero ? "Expected 0 (any) or 1 to 65535." : "Expected 1 to 65535.");
        return (ushort)port;
    }

    /// <summary>The level asked for, or the default.</summary>
    /// <exception cref="ArgumentException">It is one that would let nothing of Teredo in.</exception>
    public static IPProtectionLevel CheckLevel(IPProtectionLevel? level, IPProtectionLevel byDefault)
    {
        var actual = level ?? byDefault;
        if (actual is not (IPProtectionLevel.Unrestricted or IPProtectionLevel.EdgeRestricted))
            throw new ArgumentOutOfRangeException(nameof(level), actual, "Expected Unrestricted or EdgeRestricted.");
        return actual;
    }

    /// <summary>Asks the system for a name. AAAA by itself: a resolver that sees no IPv6 address on this machine would else leave them out.</summary>
    /// <exception cref="SocketException">It has no such address, or nobody can be asked.</exception>
    public static Task<IPAddress[]> QueryAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, AddressFamily.InterNetworkV6, cancellationToken);

    /// <summary>The IPv6 addresses of a host, those of Teredo peers first: they need no relay.</summary>
    /// <param name="host">A name, or an address.</param>
    /// <param name="query">Asks for the name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TeredoException">It has none.</exception>
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
            throw new TeredoException(TeredoError.HostNotResolved,
                $"The name {host} can't be resolved to an IPv6 address ({e.Message}). Check its spelling and this machine's DNS, or use the peer's Teredo address.", e);
        }
    }
}
