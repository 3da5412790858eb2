using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;

namespace TeredoSdk.Links;

/// <summary>A UDP socket that is open on a link.</summary>
sealed class OpenDatagrams(LinkSockets sockets, IDatagramEndpoint endpoint, IPProtectionLevel level) : OpenSocket(sockets, level)
{
    public override string Kind => "datagram";

    public override IPEndPoint LocalEndPoint => Endpoint.LocalEndPoint;

    public override Socket? Socket => Endpoint.Socket;

    public IDatagramEndpoint Endpoint { get; } = endpoint;

    protected override void Close() => Endpoint.Dispose();
}
