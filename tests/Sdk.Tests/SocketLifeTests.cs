using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links;
using TeredoSdk.Sockets;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests;

/// <summary>How sockets end, over ordinary sockets of loopback.</summary>
public sealed class SocketLifeTests
{
    [Test]
    public void DatagramSocket_Closing_HoldsItsPortUntilTheEngineHasForgottenIt()
    {
        var socket = SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp);
        var at = (IPEndPoint)socket.LocalEndPoint!;
        List<bool> isFree = [];
        var endpoint = new SocketEndpoint(socket, () => isFree.Add(IsFree(at, SocketType.Dgram, ProtocolType.Udp)));
        endpoint.Dispose();
        endpoint.Dispose();
        Assert.That(isFree, Is.EqualTo(new[] { false }), "the next socket at the port would be forgotten instead");
        Assert.That(IsFree(at, SocketType.Dgram, ProtocolType.Udp), Is.True);
    }

    [Test]
    public void Listener_Closing_HoldsItsPortUntilTheEngineHasForgottenIt()
    {
        var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        var at = (IPEndPoint)socket.LocalEndPoint!;
        bool? isFree = null;
        var sockets = new LinkSockets(new SocketOwner { Closed = () => isFree = IsFree(at, SocketType.Stream, ProtocolType.Tcp) }, NullLogger.Instance);
        sockets.Add(new OpenListener(sockets, new SocketListener(socket), IPProtectionLevel.Unrestricted)).Dispose();
        Assert.That(isFree, Is.False, "the next listener at the port would be forgotten instead");
        Assert.That(IsFree(at, SocketType.Stream, ProtocolType.Tcp), Is.True);
    }

    [Test]
    public async Task Connection_EndedByTheEngine_TellsWhy_WhoeverAsksFirst()
    {
        using var listener = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        listener.Listen();
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!);
        await using var connection = new LinkSockets(new SocketOwner(), NullLogger.Instance).Adopt(new SocketStream(await listener.AcceptAsync()));
        connection.Abort(new(TeredoError.AddressChanged, "It changed."));
        await using var stream = new ConnectionStream(connection);
        foreach (var call in new TestDelegate[]
        {
            () => stream.ReadExactly(new byte[1]), () => stream.Write([1]), connection.CompleteWriting,
        })
            Assert.That(Assert.Throws<TeredoException>(call)!.Error, Is.EqualTo(TeredoError.AddressChanged));
    }

    [Test]
    public async Task DatagramSocket_ThatIsClosed_SaysSoToWhoeverWaitsOrSends()
    {
        var endpoint = new SocketEndpoint(SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp), () => { });
        var to = endpoint.LocalEndPoint;
        Task[] waiting = [endpoint.ReceiveAsync(default).AsTask(), endpoint.ReceiveFromAsync(new byte[9], default).AsTask()];
        endpoint.Dispose();
        Task[] late = [endpoint.SendAsync(new byte[1], to, default).AsTask(), endpoint.ReceiveAsync(default).AsTask()];
        foreach (var task in waiting.Concat(late))
            Assert.That(Assert.CatchAsync(() => task.InTime()), Is.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Datagram_ThatTheSystemRefuses_FailsAsWhatItIs_AndAsClosedOnceTheSocketIs()
    {
        byte[] tooLarge = new byte[ushort.MaxValue + 1];
        var socket = SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp);
        SocketEndpoint endpoint = null!;
        Task<int>? late = null;
        endpoint = new(socket, () => late = SendAsync());
        Assert.That(Assert.CatchAsync(() => SendAsync().InTime()), Is.TypeOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.MessageSize));
        endpoint.Dispose(); // the system's socket is still open while that is sent
        Assert.That(Assert.CatchAsync(() => late!.InTime()), Is.TypeOf<ObjectDisposedException>());

        Task<int> SendAsync() => endpoint.SendAsync(tooLarge, endpoint.LocalEndPoint, default).AsTask();
    }

    [Test]
    public async Task Datagram_ThatIsRefused_FailsNoReceiver()
    {
        using var endpoint = new SocketEndpoint(SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp), () => { });
        var gone = SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp);
        var to = (IPEndPoint)gone.LocalEndPoint!;
        gone.Dispose();
        var receiving = endpoint.ReceiveAsync(default).AsTask();
        await endpoint.SendAsync(new byte[1], to, default).InTime(); // its ICMPv6 error comes while the other waits
        using var peer = SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp);
        await peer.SendToAsync(new byte[] { 5 }, endpoint.LocalEndPoint);
        var received = await receiving.InTime();
        Assert.That((received.Buffer, received.RemoteEndPoint), Is.EqualTo((new byte[] { 5 }, peer.LocalEndPoint)));
    }

    [Test]
    public async Task Connection_ThatTheApplicationForgot_IsClosed_WithOneWarning()
    {
        using var pairs = new Pairs();
        var peer = await pairs.OpenAsync(_ => null);
        await CollectUntilAsync(() => pairs.Log.Of(EventIds.ConnectionForgotten).Count > 0);
        Assert.That(Assert.ThrowsAsync<SocketException>(() => peer.ReceiveAsync(new byte[1]).InTime())!.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
        Assert.That(pairs.Sockets.Counts.All, Is.Zero);
        Assert.That(pairs.Log.Of(EventIds.ConnectionForgotten), Has.Exactly(1).Items);
    }

    [Test]
    public async Task Connection_ThatTheApplicationClosed_IsNotCalledForgotten([Values] bool isAsync)
    {
        using var pairs = new Pairs();
        var peer = await pairs.OpenAsync(connection =>
        {
            if (isAsync)
                _ = connection.DisposeAsync().AsTask();
            else
                connection.Dispose();
            return null;
        });
        for (int forgotten = 1; forgotten <= 2; forgotten++) // what is told of the first would be told before the last
        {
            await pairs.OpenAsync(_ => null);
            await CollectUntilAsync(() => pairs.Log.Of(EventIds.ConnectionForgotten).Count >= forgotten);
        }
        Assert.That(pairs.Log.Of(EventIds.ConnectionForgotten), Has.None.Contains($"{peer.LocalEndPoint}"));
    }

    public enum Kept
    {
        Connection,
        Stream,
        Socket,
        StreamOverTheSocket,
        ReadThatWaits,
    }

    [Test]
    public async Task Connection_OfWhichTheApplicationKeepsAnything_StaysOpen([Values] Kept kept)
    {
        using var pairs = new Pairs();
        object? held = null;
        var peer = await pairs.OpenAsync(connection => held = Hold(kept, connection));
        await pairs.OpenAsync(_ => null);
        await CollectUntilAsync(() => pairs.Log.Of(EventIds.ConnectionForgotten).Count > 0); // a second one, which is forgotten, shows that the time has come
        Assert.That(pairs.Sockets.Counts.All, Is.EqualTo(1));
        await peer.SendAsync(new byte[1]).InTime(); // a read that waited ends now
        GC.KeepAlive(held);
    }

    static object Hold(Kept kept, OpenConnection connection) => kept switch
    {
        Kept.Connection => connection,
        Kept.Stream => new ConnectionStream(connection),
        Kept.Socket => connection.Socket!,
        Kept.StreamOverTheSocket => new NetworkStream(connection.Socket!),
        _ => new WeakReference(new ConnectionStream(connection).ReadAsync(new byte[1]).AsTask()),
    };

    static async Task CollectUntilAsync(Func<bool> isDone)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!isDone())
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(1, limit.Token);
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    sealed class Pairs : IDisposable
    {
        readonly List<Socket> _peers = [];
        readonly Socket _listener = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);

        public Pairs()
        {
            _listener.Listen();
            Sockets = new(new SocketOwner(), Log);
        }

        public Recorder Log { get; } = new();

        public LinkSockets Sockets { get; }

        /// <summary>Opens a connection, of which only what is returned is held.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public async Task<Socket> OpenAsync(Func<OpenConnection, object?> hold)
        {
            var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            _peers.Add(peer);
            await peer.ConnectAsync(_listener.LocalEndPoint!);
            Adopt(await _listener.AcceptAsync(), hold);
            return peer;
        }

        public void Dispose()
        {
            _listener.Dispose();
            _peers.ForEach(peer => peer.Dispose());
            Sockets.Close();
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Adopt(Socket socket, Func<OpenConnection, object?> hold) => hold(Sockets.Adopt(new SocketStream(socket)));
    }

    static bool IsFree(IPEndPoint at, SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, type, protocol);
        try
        {
            socket.Bind(at);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
