using System.Net;
using TeredoSdk.Sockets.Forwarding;

namespace TeredoSdk;

/// <summary>
/// A forward at work: a port of a program that knows nothing of Teredo, reachable at the Teredo address, or a peer's port at this machine.
/// </summary>
/// <remarks>
/// TCP connections end as they do without a forward: each direction for itself, and with a reset where the other end broke. A side that does not read
/// holds the other one back. Datagrams that come faster than they can go on are lost. The log tells of sessions that fail (Warning, the first of several)
/// and of each session's begin and end (Debug). The forward ends when it or its node is disposed. Safe for any number of threads.
/// </remarks>
public sealed class TeredoForward : IAsyncDisposable
{
    readonly Forwarder _forwarder;

    internal TeredoForward(Forwarder forwarder) => _forwarder = forwarder;

    /// <summary>Where it listens: at the current Teredo address, or at an address of this machine. Null while there is no address.</summary>
    public IPEndPoint? EndPoint => _forwarder.EndPoint;

    /// <summary>What the forward has done so far.</summary>
    public TeredoForwardReport Report => _forwarder.Report;

    /// <summary>Completes when the forward has ended: after its disposal, or its node's.</summary>
    public Task Completion => _forwarder.Completion;

    /// <inheritdoc cref="TeredoNode.StateChanges"/>
    public IAsyncEnumerable<TeredoStateChange> StateChanges => _forwarder.Link.Changes;

    /// <summary>Closes the port, ends the sessions, and waits for their end. Idempotent.</summary>
    public ValueTask DisposeAsync() => _forwarder.DisposeAsync();
}
