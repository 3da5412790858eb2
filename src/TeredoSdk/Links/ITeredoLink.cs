using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;

namespace TeredoSdk.Links;

/// <summary>
/// A Teredo address that a provider keeps up. Code above a link does not know which provider it is. Safe for any number of threads.
/// </summary>
interface ITeredoLink : IAsyncDisposable
{
    IPAddress? Address { get; }

    /// <summary>The last known state. Reading it asks neither the system nor the network.</summary>
    TeredoReport Report { get; }

    /// <summary>The current state. Asks the system, while <see cref="Report"/> returns the system's last answer.</summary>
    Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken) => Task.FromResult(Report);

    IAsyncEnumerable<TeredoStateChange> Changes { get; }

    SocketCapabilities Capabilities { get; }

    /// <param name="port">The port, or 0 for any port.</param>
    /// <param name="level">Unrestricted or EdgeRestricted.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="cancellationToken">Gives up and frees the port.</param>
    Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken);

    /// <summary>Makes one attempt to connect to one address.</summary>
    Task<OpenConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken);

    /// <summary>Finds the IPv6 addresses of a host, those of Teredo peers first.</summary>
    /// <exception cref="TeredoException">The host has no IPv6 address.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        PeerNames.ResolveAsync(host, cancel => PeerNames.QueryAsync(host, cancel), cancellationToken);

    /// <summary>Finds out whether a stranger's packets get in.</summary>
    Task<ReachabilityCheck> CheckReachabilityAsync(CancellationToken cancellationToken);

    Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken);
}
