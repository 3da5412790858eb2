using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>The socket with which a UDP session talks to its target.</summary>
abstract class DatagramEnd : IDisposable
{
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken);

    /// <summary>Waits for a datagram of the target.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    public abstract void Dispose();

    /// <summary>A connected socket of this machine.</summary>
    public sealed class Local(Socket socket) : DatagramEnd
    {
        public override async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken) =>
            await socket.SendAsync(datagram, cancellationToken).ConfigureAwait(false);

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => socket.ReceiveAsync(buffer, cancellationToken);
        public override void Dispose() => socket.Dispose();
    }

    /// <summary>A socket of the Teredo address, which talks to one peer.</summary>
    public sealed class Peer(OpenDatagrams datagrams, IPEndPoint peer) : DatagramEnd
    {
        readonly SocketAddress _peer = peer.Serialize(), _source = new(AddressFamily.InterNetworkV6);

        public override async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken) =>
            await datagrams.Endpoint.SendAsync(datagram, _peer, cancellationToken).ConfigureAwait(false);

        public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            while (true)
            {
                int length = await datagrams.Endpoint.ReceiveFromAsync(buffer, _source, cancellationToken).ConfigureAwait(false);
                if (Engine.Stacks.RemotePort.TryRead(_source, out var source) && source.Port == peer.Port && source.Address.ToIPAddress().Equals(peer.Address))
                    return length;
            }
        }

        public override void Dispose() => datagrams.Dispose();
    }
}
