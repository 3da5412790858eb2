using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks;

/// <summary>The sockets that a stack offers.</summary>
[Flags]
enum SocketCapabilities
{
    /// <summary>Datagrams and echo only.</summary>
    None = 0,
    /// <summary>The sockets are ordinary sockets of the kernel.</summary>
    KernelSockets = 1,
    /// <summary>The stack has TCP.</summary>
    Streams = 2,
    /// <summary>The stack keeps unsolicited packets from sockets that did not opt in, whatever the machine's firewall does.</summary>
    EnforcesInbound = 4,
}

/// <summary>The stack of an embedded engine: where packets end and sockets begin.</summary>
/// <remarks>
/// Unsolicited packets reach only sockets that opted in; everything else is dropped without an answer. Safe for any number of threads.
/// Disposing the stack closes the sockets that are still open.
/// </remarks>
interface ISocketStack : IDisposable
{
    SocketCapabilities Capabilities { get; }

    /// <summary>Whether the stack handles ICMPv6 echo; otherwise the engine does.</summary>
    bool AnswersEcho => false;

    /// <summary>Sets the node's address. Called at each qualification, often with the address that the stack has already.</summary>
    void SetAddress(TeredoAddress address);

    /// <summary>
    /// Tells the stack that the node has lost its address and waits for a new one. A private network may keep the old address meanwhile.
    /// </summary>
    void LoseAddress()
    {
    }

    /// <summary>
    /// Takes packets that the core accepted, each exactly as long as its header says. Echo messages come only when <see cref="AnswersEcho"/> is true.
    /// Valid only during the call.
    /// </summary>
    /// <param name="buffer">The buffer in which the packets lie.</param>
    /// <param name="packets">The packets, in the order in which they came.</param>
    void Receive(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets);

    /// <exception cref="TeredoException">The port is taken.</exception>
    IDatagramEndpoint Bind(ushort port, bool isUnrestricted);

    /// <exception cref="TeredoException">The port is taken.</exception>
    IStreamListener Listen(ushort port, bool isUnrestricted, int backlog);

    /// <summary>Tells the stack that the listener at the port is closed.</summary>
    void Unlisten(ushort port)
    {
        // Nothing to do in a stack that keeps no list of listeners.
    }

    /// <summary>
    /// Tells the stack that a listener accepted a connection. Its packets are solicited from now on, even after the listener is closed.
    /// </summary>
    void Admit(IPEndPoint local, IPEndPoint remote)
    {
        // Nothing to do in a stack that filters nothing, or that knows its connections.
    }

    /// <summary>Whether packets of the full MTU reach the peers; null when that is not known.</summary>
    /// <param name="connections">Open connections, which may show it.</param>
    bool? JudgeLargePackets(IEnumerable<IStreamEndpoint> connections) => null;

    /// <summary>The device under the stack; null where there is none.</summary>
    DeviceFacts? Device => null;

    /// <summary>Takes over a connection that its owner closed. What was written before is still sent.</summary>
    void Retire(IStreamEndpoint connection) => connection.Dispose();

    /// <summary>Waits, for a limited time, until closed connections have sent their remaining data.</summary>
    Task DrainAsync() => Task.CompletedTask;

    /// <summary>Makes one attempt to connect.</summary>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    /// <exception cref="TeredoException">The stack has no address.</exception>
    Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);
}
