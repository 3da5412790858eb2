using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Machine;

/// <summary>Takes a datagram. Called by one thread at a time per transport; the octets are valid only during the call.</summary>
delegate void DatagramHandler(IPv4Endpoint source, ReadOnlySpan<byte> payload);

/// <summary>
/// A bound UDP socket of the engine with a running receive loop. Disposing closes the socket at once, also from within the handler.
/// </summary>
interface IUdpTransport : IDisposable
{
    /// <summary>The address and port that the socket is bound to.</summary>
    IPv4Endpoint LocalEndpoint { get; }

    /// <summary>Sends a datagram. A failure is a lost datagram, never an exception. Safe for any number of threads.</summary>
    /// <param name="target">The destination.</param>
    /// <param name="payload">The UDP payload; it is not kept after the call.</param>
    /// <param name="ttl">The IPv4 time to live in hops, or 0 for the default.</param>
    void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl);

    /// <summary>Ends when the transport is disposed and the handler is no longer called. Never fails.</summary>
    Task Completion { get; }
}

/// <summary>The machine's IPv4 network, as far as the engine needs it.</summary>
interface IHostNetwork
{
    /// <summary>Raised when addresses or routes may have changed, on any thread.</summary>
    event Action? Changed;

    /// <summary>A sentence that says why <see cref="Changed"/> is raised late; null when it is raised at once, or while nobody listens.</summary>
    string? WatchProblem => null;

    /// <summary>Describes the current state of the network.</summary>
    /// <param name="server">The local address is the one on the path to this server.</param>
    NetworkState Describe(IPv4Address server);

    /// <summary>Opens a UDP socket.</summary>
    /// <param name="local">The address to bind to, and the port; port 0 means any port.</param>
    /// <param name="handler">Takes the datagrams that come in, from now until <see cref="IUdpTransport.Completion"/>.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The socket can't be bound.</exception>
    IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler);

    /// <summary>Finds the current IPv4 addresses of a name.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name has no IPv4 address, or no name server answers.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, System.Net.Sockets.AddressFamily.InterNetwork, cancellationToken);
}
