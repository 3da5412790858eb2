using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;

namespace TeredoSdk.Links;

/// <summary>A Teredo address that a provider keeps up. Nothing above a link knows which provider it is. Safe for any number of threads.</summary>
interface ITeredoLink : IAsyncDisposable
{
    IPAddress? Address { get; }

    /// <summary>The state as far as it is known, without asking anybody.</summary>
    TeredoReport Report { get; }

    /// <summary>The state as it is now: asks the system, where <see cref="Report"/> has what it said last.</summary>
    Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken) => Task.FromResult(Report);

    IAsyncEnumerable<TeredoStateChange> Changes { get; }

    SocketCapabilities Capabilities { get; }

    /// <param name="port">The port, or 0 for any.</param>
    /// <param name="level">Unrestricted or EdgeRestricted.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="cancellationToken">Gives up; the port is free again.</param>
    Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken);

    /// <summary>One attempt at one address.</summary>
    Task<OpenConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken);

    /// <summary>The IPv6 addresses of a host, those of Teredo peers first.</summary>
    /// <exception cref="TeredoException">It has none.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        PeerNames.ResolveAsync(host, cancel => PeerNames.QueryAsync(host, cancel), cancellationToken);

    Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken);
}
