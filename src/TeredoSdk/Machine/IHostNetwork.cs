using System.Net;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Machine;

/// <summary>How a transport moves datagrams.</summary>
/// <param name="Way">The rung of the datapath that it uses.</param>
/// <param name="Problem">Why it does not use the rung that was wanted, or null.</param>
/// <param name="Lost">How many datagrams the system dropped, because the socket's receive buffer was full.</param>
/// <param name="ReceiveBufferOctets">The size of the receive buffer that the system gave; 0 when it is not known.</param>
readonly record struct TransportFacts(TeredoDatapath Way, string? Problem, long Lost, int ReceiveBufferOctets);

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

    /// <summary>Sends groups of a batch, with the default time to live. A failure is a lost datagram. Safe for any number of threads.</summary>
    void Send(DatagramBatch batch, int firstGroup, int groupCount)
    {
        Span<byte> datagram = stackalloc byte[DatagramBatch.MaxDatagramOctets];
        foreach (ref var group in batch.Groups.Slice(firstGroup, groupCount))
            for (int i = 0; i < group.Count; i++)
                Send(group.Target, datagram[..batch.CopyTo(group.First + i, datagram)], 0);
    }

    /// <summary>How datagrams are moved.</summary>
    TransportFacts Facts => new(TeredoDatapath.Sockets, null, 0, 0);

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

    /// <summary>
    /// Opens a UDP socket for each handler, all at one address and port. The system spreads what comes over them, by its source (SO_REUSEPORT of Linux).
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">A socket can't be bound. None is left open.</exception>
    IUdpTransport[] OpenShards(IPv4Endpoint local, IReadOnlyList<DatagramHandler> handlers) => handlers is [var handler] ? [Open(local, handler)]
        : throw new PlatformNotSupportedException("Only Linux spreads datagrams over several sockets at one port.");

    /// <summary>Finds the current IPv4 addresses of a name.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name has no IPv4 address, or no name server answers.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, System.Net.Sockets.AddressFamily.InterNetwork, cancellationToken);
}
