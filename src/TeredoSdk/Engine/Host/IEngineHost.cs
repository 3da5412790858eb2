using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Providers;
using TeredoSdk.Sockets;

namespace TeredoSdk.Engine.Host;

/// <summary>The IPv6 host of an embedded engine: where packets end and sockets begin. ICMPv6 echo is not its concern.</summary>
/// <remarks>
/// Unsolicited packets reach only sockets that opted in; everything else is dropped without an answer. Safe for any number of threads.
/// Disposing it closes what it still has open.
/// </remarks>
interface IEngineHost : IDisposable
{
    LinkCapabilities Capabilities { get; }

    /// <summary>The node's address, at each qualification; often the one that it has already.</summary>
    void SetAddress(TeredoAddress address);

    /// <summary>Takes a packet that the core let in: anything but echo. Valid only during the call.</summary>
    void Receive(in Ipv6Packet packet);

    /// <exception cref="TeredoException">The port is taken.</exception>
    IDatagramEndpoint Bind(ushort port, bool isUnrestricted);

    /// <exception cref="TeredoException">The port is taken, or the host has no TCP.</exception>
    Socket Listen(ushort port, bool isUnrestricted, int backlog);

    /// <summary>The listener at the port is closed.</summary>
    void Unlisten(ushort port);

    /// <summary>A connection stands: its peer is no stranger, even when the listener is closed or nothing was sent yet.</summary>
    void NoteConnection(IPEndPoint localEndPoint, IPEndPoint remoteEndPoint);

    /// <summary>One attempt to connect, with a fresh socket.</summary>
    /// <exception cref="SocketException">It failed; nothing is left behind.</exception>
    /// <exception cref="TeredoException">The host has no TCP.</exception>
    Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);
}
