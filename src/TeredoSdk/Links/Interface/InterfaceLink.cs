using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;

namespace TeredoSdk.Links.Interface;

/// <summary>A Teredo interface that another program keeps up, with ordinary sockets on it.</summary>
/// <remarks>
/// The machine's firewall decides which packets get in, whatever the protection level. A socket is tied to the device that existed when the socket
/// was opened. When another program makes the device anew (for example, because miredo was restarted), the link closes its listeners and datagram
/// sockets.
/// </remarks>
sealed class InterfaceLink : SystemLink
{
    readonly InterfaceSearch _search;
    readonly IHostNetwork _network;
    volatile bool _hasNativeIPv6;

    public InterfaceLink(TeredoOptions options, InterfaceSearch search, TeredoInterface found, IHostNetwork network,
        IReadOnlyList<PassedOver> passedOver, ILogger log) : base(options, found, passedOver, log)
    {
        (_search, _network) = (search, network);
        network.Changed += Check;
        Check(); // the interface may have changed since it was found
    }

    public override TeredoReport Report => Describe(TeredoProvider.Interface, _hasNativeIPv6);

    public override Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        Check();
        return Report;
    }, cancellationToken);

    public override Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var listener = new SocketListener(InterfaceSockets.Listen(Require(), port, backlog));
        return Task.FromResult(Sockets.Add(new OpenListener(Sockets, listener, level)));
    }

    public override Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var endpoint = new SocketEndpoint(InterfaceSockets.BindDatagrams(Require(), port), static () => { });
        return Task.FromResult(Sockets.Add(new OpenDatagrams(Sockets, endpoint, level)));
    }

    public override Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken) =>
        WaitAsync(cancel => InterfacePing.SendAsync(Require(), address, timeout, cancel), cancellationToken);

    public override ValueTask DisposeAsync()
    {
        _network.Changed -= Check;
        return base.DisposeAsync();
    }

    protected override TeredoInterface? Find(out Finding? problem)
    {
        _hasNativeIPv6 = _network.Describe(Last.Address.Server).HasNativeIPv6;
        return _search.Find(out problem);
    }

    protected override Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        InterfaceSockets.ConnectAsync(Require(), remoteEndPoint, cancellationToken);

    protected override void OnChecked(bool isUp, bool isOther)
    {
        if (isOther)
            Sockets.CloseBound();
    }
}
