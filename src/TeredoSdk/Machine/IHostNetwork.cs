using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Machine;

/// <summary>Takes a datagram. Called by one thread at a time per transport; the octets are valid only during the call.</summary>
delegate void DatagramHandler(IPv4Endpoint source, ReadOnlySpan<byte> payload);

/// <summary>A UDP socket of the engine, bound, with its receive loop running. Disposing it closes the socket at once, also from within the handler.</summary>
interface IUdpTransport : IDisposable
{
    /// <summary>The address and port it is bound to.</summary>
    IPv4Endpoint LocalEndpoint { get; }

    /// <summary>Sends a datagram. A failure is a lost datagram, never an exception. Safe for any number of threads.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="payload">The UDP payload; not kept.</param>
    /// <param name="ttl">The IPv4 time to live in hops, or 0 for the default.</param>
    void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl);

    /// <summary>Ends when the transport is disposed and the handler is not called any more. Never fails.</summary>
    Task Completion { get; }
}

/// <summary>What the engine needs of the machine's IPv4 network.</summary>
interface IHostNetwork
{
    /// <summary>Raised when addresses or routes may have changed, on any thread.</summary>
    event Action? Changed;

    /// <summary>Looks at the network as it is now.</summary>
    /// <param name="server">The server whose path counts.</param>
    NetworkState Describe(IPv4Address server);

    /// <summary>Opens a UDP socket.</summary>
    /// <param name="local">The address to bind to, and the port or 0 for any.</param>
    /// <param name="handler">Takes what comes in, from now until <see cref="IUdpTransport.Completion"/>.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The socket can't be bound.</exception>
    IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler);

    /// <summary>The IPv4 addresses of a name, as they are now.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">It has none, or nobody can be asked.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, System.Net.Sockets.AddressFamily.InterNetwork, cancellationToken);
}
