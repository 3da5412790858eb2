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
        var socket = Bound(SocketType.Dgram, ProtocolType.Udp);
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
        var socket = Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        var at = (IPEndPoint)socket.LocalEndPoint!;
        bool? isFree = null;
        var sockets = new LinkSockets(new Owner { Closed = () => isFree = IsFree(at, SocketType.Stream, ProtocolType.Tcp) }, NullLogger.Instance);
        sockets.Add(new OpenListener(sockets, socket, IPProtectionLevel.Unrestricted)).Dispose();
        Assert.That(isFree, Is.False, "the next listener at the port would be forgotten instead");
        Assert.That(IsFree(at, SocketType.Stream, ProtocolType.Tcp), Is.True);
    }

    [Test]
    public async Task Connection_EndedByTheEngine_TellsWhy_WhoeverAsksFirst()
    {
        using var listener = Bound(SocketType.Stream, ProtocolType.Tcp);
        listener.Listen();
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!);
        await using var connection = new LinkSockets(new Owner(), NullLogger.Instance).Adopt(await listener.AcceptAsync());
        connection.Abort(new(TeredoError.AddressChanged, "It changed."));
        await using var stream = new ConnectionStream(connection);
        foreach (var call in new TestDelegate[]
        {
            () => stream.ReadExactly(new byte[1]), () => stream.Write([1]), connection.CompleteWriting,
        })
            Assert.That(Assert.Throws<TeredoException>(call)!.Error, Is.EqualTo(TeredoError.AddressChanged));
    }

    [Test]
    public async Task Accept_ThatTheSystemRefuses_IsTriedAgainAfterAPause_AndToldOnce()
    {
        var log = new Recorder();
        using var socket = Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(socket.LocalEndPoint!);
        var refusals = new Queue<SocketError>([SocketError.TooManyOpenSockets, SocketError.NoBufferSpaceAvailable]);
        await using var listener = new OpenListener(new(new Owner(), log), socket, IPProtectionLevel.Unrestricted,
            cancel => refusals.TryDequeue(out var refusal) ? throw new SocketException((int)refusal) : socket.AcceptAsync(cancel),
            pause: TimeSpan.FromMilliseconds(1));
        await using var connection = await listener.AcceptAsync(default).InTime();
        Assert.That(connection.RemoteEndPoint, Is.EqualTo(peer.LocalEndPoint));
        Assert.That(log.Of(EventIds.AcceptFailed), Has.Exactly(2).Items.And.All.Contains($"{listener.LocalEndPoint.Port}"));
    }

    [Test]
    public async Task Accept_WaitingForTheSystem_EndsWithItsListener()
    {
        var log = new Recorder();
        using var socket = Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        await using var listener = new OpenListener(new(new Owner(), log), socket, IPProtectionLevel.Unrestricted,
            _ => throw new SocketException((int)SocketError.TooManyOpenSockets));
        var accepting = listener.AcceptAsync(default).AsTask();
        Assert.That(log.Of(EventIds.AcceptFailed), Has.Exactly(1).Items);
        listener.Dispose();
        Assert.That(async () => await accepting.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(log.Of(EventIds.AcceptFailed), Has.Exactly(1).Items, "the wait went on until the next attempt");
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
        readonly Socket _listener = Bound(SocketType.Stream, ProtocolType.Tcp);

        public Pairs()
        {
            _listener.Listen();
            Sockets = new(new Owner(), Log);
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
        void Adopt(Socket socket, Func<OpenConnection, object?> hold) => hold(Sockets.Adopt(socket));
    }

    static Socket Bound(SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        return socket;
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

    sealed class Owner : ISocketOwner
    {
        public Action Closed { get; init; } = () => { };
        public IPAddress? Address => IPAddress.IPv6Loopback;

        public void HandleOpened(OpenSocket socket)
        {
            // Nothing is held.
        }

        public void HandleClosed(OpenSocket socket) => Closed();
    }
}
