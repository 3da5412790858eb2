using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Threading.Channels;
using TeredoSdk;

namespace Chat;

/// <summary>Carries lines over datagrams, with one link for each end point.</summary>
sealed class DatagramCarrier : Carrier
{
    const int MaxLinks = 64;

    readonly TeredoDatagramSocket _socket;
    readonly TimeProvider _time;
    readonly ConcurrentDictionary<IPEndPoint, DatagramLink> _links = new();
    readonly Channel<Link> _accepted = Channel.CreateBounded<Link>(MaxLinks);
    readonly Task _receiving;

    public DatagramCarrier(TeredoDatagramSocket socket, TimeProvider time)
    {
        (_socket, _time) = (socket, time);
        _receiving = ReceiveAsync();
    }

    public override Invitation Invitation =>
        new(_socket.TeredoEndPoint ?? throw new IOException("There is no Teredo address at the moment."), true, null);

    public override async Task<Link> AcceptAsync(CancellationToken cancellationToken) => await _accepted.Reader.ReadAsync(cancellationToken);

    public override Task<Link> ConnectAsync(Invitation peer, CancellationToken cancellationToken)
    {
        if (!peer.OverDatagrams)
            throw new IOException($"{peer} does not use datagrams; all peers of a chat must use the same carrier.");
        return Task.FromResult<Link>(_links.GetOrAdd(peer.EndPoint, Open));
    }

    public override async ValueTask DisposeAsync()
    {
        await _socket.DisposeAsync();
        await _receiving;
    }

    DatagramLink Open(IPEndPoint peer) => new(_socket, peer, link => _links.TryRemove(KeyValuePair.Create(peer, link)), _time);

    bool IsFull(IPAddress address) =>
        _links.Count >= MaxLinks || _links.Keys.Count(other => other.Address.Equals(address)) >= MaxLinksPerAddress;

    async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync();
                var source = received.RemoteEndPoint;
                string frame = Encoding.UTF8.GetString(received.Buffer);
                if (!_links.TryGetValue(source, out var link))
                {
                    if (!frame.StartsWith("1 ", StringComparison.Ordinal) || IsFull(source.Address))
                        continue; // a datagram of a conversation that has ended, or one too many
                    link = _links.GetOrAdd(source, Open);
                    _accepted.Writer.TryWrite(link);
                }
                await link.ReceiveAsync(frame);
            }
        }
        catch (ObjectDisposedException)
        {
            foreach (var link in _links.Values)
                await link.DisposeAsync();
        }
    }
}

/// <summary>The link to one end point.</summary>
sealed class DatagramLink(TeredoDatagramSocket socket, IPEndPoint peer, Action<DatagramLink> closed, TimeProvider time) : Link(time)
{
    public override IPEndPoint RemoteEndPoint => peer;
    protected override bool IsLossy => true;

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Takes a datagram of the peer.</summary>
    public async Task ReceiveAsync(string frame)
    {
        try
        {
            await TakeAsync(frame, CancellationToken.None);
        }
        catch (IOException)
        {
            // The acknowledgement can't be sent now, so the peer will send the line again; or the chat has ended.
        }
    }

    public override ValueTask DisposeAsync()
    {
        closed(this);
        End();
        return ValueTask.CompletedTask;
    }

    protected override async Task WriteAsync(string frame, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendToAsync(Encoding.UTF8.GetBytes(frame), peer, cancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The chat has ended.", e);
        }
    }
}
