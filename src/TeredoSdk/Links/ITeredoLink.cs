using System.Net;
using System.Net.Sockets;
using TeredoSdk.Sockets;

namespace TeredoSdk.Links;

/// <summary>What a link can do.</summary>
[Flags]
enum LinkCapabilities
{
    /// <summary>Datagrams and echo only.</summary>
    None = 0,
    /// <summary>Sockets are ordinary ones of the kernel.</summary>
    KernelSockets = 1,
    /// <summary>TCP.</summary>
    Streams = 2,
    /// <summary>The link itself keeps unsolicited packets from sockets that did not opt in.</summary>
    EnforcesInbound = 4,
}

/// <summary>A Teredo address that a provider keeps up. Nothing above a link knows which provider it is. Safe for any number of threads.</summary>
interface ITeredoLink : IAsyncDisposable
{
    IPAddress? Address { get; }
    TeredoReport Report { get; }
    IAsyncEnumerable<TeredoStateChange> Changes { get; }
    LinkCapabilities Capabilities { get; }

    /// <param name="port">The port, or 0 for any.</param>
    /// <param name="level">Unrestricted or EdgeRestricted.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="cancellationToken">Gives up; the port is free again.</param>
    Task<TeredoListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken);

    /// <summary>One attempt at one address.</summary>
    Task<TeredoConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    Task<TeredoDatagramSocket> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken);
    /// <summary>The IPv6 addresses of a host, those of Teredo peers first.</summary>
    /// <exception cref="TeredoException">It has none.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        EndPoints.ResolveAsync(host, cancel => EndPoints.QueryAsync(host, cancel), cancellationToken);

    Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken);
}
