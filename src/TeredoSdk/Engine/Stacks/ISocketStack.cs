using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks;

/// <summary>What sockets can be had.</summary>
[Flags]
enum SocketCapabilities
{
    /// <summary>Datagrams and echo only.</summary>
    None = 0,
    /// <summary>Sockets are ordinary ones of the kernel.</summary>
    KernelSockets = 1,
    /// <summary>TCP.</summary>
    Streams = 2,
    /// <summary>Unsolicited packets are kept from sockets that did not opt in, whatever the machine's firewall does.</summary>
    EnforcesInbound = 4,
}

/// <summary>The stack of an embedded engine: where packets end and sockets begin.</summary>
/// <remarks>
/// Unsolicited packets reach only sockets that opted in; everything else is dropped without an answer. Safe for any number of threads.
/// Disposing it closes what it still has open.
/// </remarks>
interface ISocketStack : IDisposable
{
    SocketCapabilities Capabilities { get; }

    /// <summary>Whether ICMPv6 echo is its concern, too; else the engine sees to it.</summary>
    bool AnswersEcho => false;

    /// <summary>The node's address, at each qualification; often the one that it has already.</summary>
    void SetAddress(TeredoAddress address);

    /// <summary>The node has no address any more, and waits for another one. A private network may keep the old one meanwhile.</summary>
    void LoseAddress()
    {
    }

    /// <summary>Takes a packet that the core let in: anything but echo, unless it answers that. Valid only during the call.</summary>
    void Receive(in IPv6Packet packet);

    /// <exception cref="TeredoException">The port is taken.</exception>
    IDatagramEndpoint Bind(ushort port, bool isUnrestricted);

    /// <exception cref="TeredoException">The port is taken, or the stack has no TCP.</exception>
    Socket Listen(ushort port, bool isUnrestricted, int backlog);

    /// <summary>The listener at the port is closed.</summary>
    void Unlisten(ushort port)
    {
        // Nothing to do where listeners have no list.
    }

    /// <summary>A connection that a listener accepted: its packets are solicited from now on, even when the listener is closed.</summary>
    void Admit(IPEndPoint local, IPEndPoint remote)
    {
        // Nothing to do where nobody is kept out, or nobody gets in.
    }

    /// <summary>The owner of a connection closed it; what was written is still sent. Owns the socket from here on.</summary>
    void Retire(Socket socket) => socket.Dispose();

    /// <summary>Waits, a bounded time, until what closed connections had to send is sent.</summary>
    Task DrainAsync() => Task.CompletedTask;

    /// <summary>One attempt to connect, with a fresh socket.</summary>
    /// <exception cref="SocketException">It failed; nothing is left behind.</exception>
    /// <exception cref="TeredoException">The stack has no TCP.</exception>
    Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);
}
