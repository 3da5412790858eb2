using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests;

/// <summary>Listeners of a link over ordinary sockets of loopback, and the shares in a node that sockets hold.</summary>
public sealed class OpenListenerTests
{
    [Test]
    public async Task Accept_ThatTheSystemRefuses_IsTriedAgainAfterAPause_AndToldOnce()
    {
        var log = new Recorder();
        using var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(socket.LocalEndPoint!);
        var refusals = new Queue<SocketError>([SocketError.TooManyOpenSockets, SocketError.NoBufferSpaceAvailable]);
        await using var listener = new OpenListener(new(new SocketOwner(), log), new SocketListener(socket,
            cancel => refusals.TryDequeue(out var refusal) ? throw new SocketException((int)refusal) : socket.AcceptAsync(cancel)),
            IPProtectionLevel.Unrestricted, pause: TimeSpan.FromMilliseconds(1));
        await using var connection = await listener.AcceptAsync(default).InTime();
        Assert.That(connection.RemoteEndPoint, Is.EqualTo(peer.LocalEndPoint));
        Assert.That(log.Of(EventIds.AcceptFailed), Has.Exactly(2).Items.And.All.Contains($"{listener.LocalEndPoint.Port}"));
    }

    [Test]
    public async Task Accept_WaitingForTheSystem_EndsWithItsListener()
    {
        var log = new Recorder();
        using var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        await using var listener = new OpenListener(new(new SocketOwner(), log), new SocketListener(socket,
            _ => throw new SocketException((int)SocketError.TooManyOpenSockets)), IPProtectionLevel.Unrestricted, pause: TimeSpan.FromDays(1));
        var accepting = listener.AcceptAsync(default).AsTask();
        Assert.That(log.Of(EventIds.AcceptFailed), Has.Exactly(1).Items);
        listener.Dispose();
        Assert.That(async () => await accepting.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(log.Of(EventIds.AcceptFailed), Has.Exactly(1).Items, "the wait went on until the next attempt");
    }

    [Test]
    public async Task Accept_WaitingForTheSystem_IsCancelled()
    {
        using var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        using var cancellation = new CancellationTokenSource();
        await using var listener = new OpenListener(new(new SocketOwner(), new Recorder()), new SocketListener(socket,
            _ => throw new SocketException((int)SocketError.TooManyOpenSockets)), IPProtectionLevel.Unrestricted, pause: TimeSpan.FromDays(1));
        var accepting = listener.AcceptAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await accepting.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase(SocketError.ConnectionAborted), TestCase(SocketError.ConnectionReset), TestCase(SocketError.NotConnected)]
    public async Task Accept_OfAPeerThatWentAway_WaitsForTheNextOne_AndTellsNothing(SocketError error)
    {
        var log = new Recorder();
        using var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(socket.LocalEndPoint!);
        int calls = 0;
        await using var listener = new OpenListener(new(new SocketOwner(), log), new SocketListener(socket,
            cancel => calls++ == 0 ? throw new SocketException((int)error) : socket.AcceptAsync(cancel)),
            IPProtectionLevel.Unrestricted, pause: TimeSpan.FromDays(1));
        await using var connection = await listener.AcceptAsync(default).InTime();
        Assert.That(connection.RemoteEndPoint, Is.EqualTo(peer.LocalEndPoint));
        Assert.That(log.Of(EventIds.AcceptFailed), Is.Empty);
    }

    [TestCase(SocketError.InvalidArgument), TestCase(SocketError.OperationAborted), TestCase(SocketError.NotSocket), TestCase(SocketError.OperationNotSupported)]
    public async Task Accept_OfASocketThatItsOwnerChanged_Ends(SocketError error)
    {
        using var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        await using var listener = new OpenListener(new(new SocketOwner(), new Recorder()), new SocketListener(socket,
            _ => throw new SocketException((int)error)), IPProtectionLevel.Unrestricted, pause: TimeSpan.FromDays(1));
        Assert.That(Assert.ThrowsAsync<SocketException>(() => listener.AcceptAsync(default).InTime())!.SocketErrorCode, Is.EqualTo(error));
        listener.Dispose();
        Assert.ThrowsAsync<ObjectDisposedException>(() => listener.AcceptAsync(default).InTime());
    }

    [Test]
    public void SocketThatComesAfterTheEndOfTheLink_IsClosed_AndForgottenByTheEngine()
    {
        int closed = 0;
        var sockets = new LinkSockets(new SocketOwner { Closed = () => closed++ }, NullLogger.Instance);
        sockets.Close();
        var late = new OpenListener(sockets, new SocketListener(SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp)), IPProtectionLevel.Unrestricted);
        Assert.Throws<ObjectDisposedException>(() => sockets.Add(late));
        Assert.That((late.IsDisposed, closed, sockets.Counts.All), Is.EqualTo((true, 1, 0)));
    }

    [Test]
    public async Task Share_IsReleasedOnce_WhateverTheOrder()
    {
        var sockets = new LinkSockets(new SocketOwner(), NullLogger.Instance);
        var (before, after) = (new Lease(), new Lease());
        var socket = sockets.Add(new OpenListener(sockets, new SocketListener(SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp)), IPProtectionLevel.Unrestricted));
        socket.Attach(before);
        Assert.That(before.Releases, Is.Zero);
        Assert.That(socket.TeredoEndPoint, Is.EqualTo(socket.LocalEndPoint));
        var closing = socket.DisposeAsync().AsTask();
        Assert.That(closing.IsCompleted, Is.False, "the share is not released yet");
        before.Released.SetResult();
        await closing.InTime();
        await socket.DisposeAsync().InTime();
        socket.Attach(after); // the link closed the socket before the share came
        Assert.That((before.Releases, after.Releases), Is.EqualTo((1, 1)));
        Assert.That((socket.IsDisposed, socket.TeredoEndPoint), Is.EqualTo((true, (IPEndPoint?)null)));
    }

    [Test]
    public async Task AcceptedConnection_HasAShareOfItsOwn_UnlessTheNodeIsGone([Values] bool isGone)
    {
        var sockets = new LinkSockets(new SocketOwner(), NullLogger.Instance);
        using var socket = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        await using var listener = sockets.Add(new OpenListener(sockets, new SocketListener(socket), IPProtectionLevel.Unrestricted));
        var share = new Lease();
        var own = new Lease { Share = isGone ? null : share };
        share.Released.SetResult();
        own.Released.SetResult();
        listener.Attach(own);
        using var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(socket.LocalEndPoint!);
        await (await listener.AcceptAsync(default).InTime()).DisposeAsync().InTime();
        Assert.That(share.Releases, Is.EqualTo(isGone ? 0 : 1));
    }

    sealed class Lease : ILinkLease
    {
        public Lease? Share { get; init; }

        public int Releases { get; private set; }

        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ILinkLease? TryShare() => Share;

        public Task ReleaseAsync()
        {
            Releases++;
            return Released.Task;
        }
    }
}
