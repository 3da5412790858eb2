using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>
/// The common base of <see cref="TeredoListener"/>, <see cref="TeredoConnection"/> and <see cref="TeredoDatagramSocket"/>.
/// <see cref="TeredoSocket"/> and <see cref="TeredoNode"/> open them. Safe for any number of threads.
/// </summary>
public abstract class TeredoSocketBase : ILeaseHolder, IDisposable, IAsyncDisposable
{
    readonly OpenSocket _open;

    private protected TeredoSocketBase(ITeredoLink link, OpenSocket open) => (Link, _open) = (link, open);

    /// <summary>
    /// Whose packets get in: with <see cref="IPProtectionLevel.Unrestricted"/> everybody's, with <see cref="IPProtectionLevel.EdgeRestricted"/> only
    /// those of peers that the socket has sent to. An unrestricted socket also keeps the node from going dormant.
    /// </summary>
    public IPProtectionLevel ProtectionLevel => _open.Level;

    /// <summary>The local address and port. The address may be the unspecified address, which stands for whatever address the node has.</summary>
    public IPEndPoint LocalEndPoint => _open.LocalEndPoint;

    /// <summary>The Teredo address and port to which peers connect. Null while the node has no address, and after the socket is disposed.</summary>
    public IPEndPoint? TeredoEndPoint => _open.TeredoEndPoint;

    /// <summary>The ordinary .NET socket underneath, or null with sockets inside the process. This object owns it and disposes it.</summary>
    /// <remarks>
    /// With the embedded engine the socket lives in the engine's network, not in the machine's. Never call <c>Connect</c> or <c>ConnectAsync</c> on
    /// it: after a failed connect .NET gives the socket a new handle in the machine's own network, and its traffic would bypass the tunnel (on
    /// Windows the new handle would have no protection level). <see cref="TeredoSocket.ConnectAsync(IPEndPoint, TeredoOptions?, CancellationToken)"/>
    /// uses a new socket for each attempt.
    /// </remarks>
    public Socket? Socket => _open.Socket;

    /// <inheritdoc cref="TeredoNode.Report"/>
    public TeredoReport Report => Link.Report;

    /// <inheritdoc cref="TeredoNode.StateChanges"/>
    public IAsyncEnumerable<TeredoStateChange> StateChanges => Link.Changes;

    private protected ITeredoLink Link { get; }

    /// <inheritdoc cref="TeredoNode.GetReportAsync"/>
    public Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken = default) => Link.GetReportAsync(cancellationToken);

    void ILeaseHolder.Attach(ILinkLease lease) => _open.Attach(lease);

    /// <summary>
    /// Closes the socket and ends every wait on it. Idempotent. When this was the last socket of the default node, the node stops in the background.
    /// </summary>
    public void Dispose()
    {
        _open.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Closes the socket and ends every wait on it. Idempotent. When this was the last socket of the default node, the call waits until the node has
    /// stopped.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _open.DisposeAsync();
    }
}
