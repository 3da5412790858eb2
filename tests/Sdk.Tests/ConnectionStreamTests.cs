using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk.Tests;

/// <summary>The stream of a connection in each of the ways that .NET has to read, write and end one, over an ordinary socket of loopback.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ConnectionStreamTests : IDisposable
{
    readonly Socket _peer = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
    readonly OpenConnection _connection;
    readonly ConnectionStream _stream;

    public ConnectionStreamTests()
    {
        using var listener = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
        listener.Listen();
        _peer.Connect(listener.LocalEndPoint!);
        _connection = new LinkSockets(new SocketOwner(), NullLogger.Instance).Adopt(new SocketStream(listener.Accept()));
        _stream = new(_connection);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _peer.Dispose();
    }

    static readonly Func<Stream, byte[], Task<int>>[] Reads =
    [
        (stream, buffer) => Task.Run(() => stream.Read(buffer, 1, 2)),
        (stream, buffer) => Task.Run(() => stream.Read(buffer.AsSpan(1, 2))),
        (stream, buffer) => stream.ReadAsync(buffer, 1, 2),
        (stream, buffer) => stream.ReadAsync(buffer.AsMemory(1, 2)).AsTask(),
    ];

    static readonly Func<Stream, byte[], Task>[] Writes =
    [
        (stream, buffer) => Task.Run(() => stream.Write(buffer, 1, 2)),
        (stream, buffer) => Task.Run(() => stream.Write(buffer.AsSpan(1, 2))),
        (stream, buffer) => stream.WriteAsync(buffer, 1, 2),
        (stream, buffer) => stream.WriteAsync(buffer.AsMemory(1, 2)).AsTask(),
    ];

    [Test]
    public async Task Read_TakesWhatCame_IntoItsPartOfTheBuffer_AndThenTheEnd([Range(0, 3)] int way)
    {
        _peer.Send([7, 8, 9]);
        byte[] buffer = new byte[4];
        Assert.That(await Reads[way](_stream, buffer).InTime(), Is.EqualTo(2));
        Assert.That(buffer, Is.EqualTo(new byte[] { 0, 7, 8, 0 }));
        _peer.Shutdown(SocketShutdown.Send);
        Assert.That(await Reads[way](_stream, buffer).InTime(), Is.EqualTo(1));
        Assert.That(await Reads[way](_stream, buffer).InTime(), Is.Zero, "the peer's end is no failure");
    }

    [Test]
    public async Task Write_SendsItsPartOfTheBuffer([Range(0, 3)] int way)
    {
        await Writes[way](_stream, [1, 2, 3, 4]).InTime();
        await _stream.FlushAsync().InTime();
        _stream.Flush();
        _connection.CompleteWriting();
        byte[] buffer = new byte[4];
        Assert.That(_peer.Receive(buffer), Is.EqualTo(2));
        Assert.That(buffer[..2], Is.EqualTo(new byte[] { 2, 3 }));
        Assert.That(_peer.Receive(buffer), Is.Zero);
    }

    [Test]
    public void ReadOrWrite_OnceTheLinkHasEndedIt_TellsWhy([Range(0, 3)] int way)
    {
        _connection.Abort(new(TeredoError.AddressChanged, "It changed."));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => Reads[way](_stream, new byte[4]).InTime())!.Error, Is.EqualTo(TeredoError.AddressChanged));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => Writes[way](_stream, new byte[4]).InTime())!.Error, Is.EqualTo(TeredoError.AddressChanged));
    }

    [Test]
    public void EndByTheLink_ResetsThePeer()
    {
        _connection.Abort(new(TeredoError.AddressChanged, "It changed."));
        _peer.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        Assert.That(Assert.Throws<SocketException>(() => _peer.Receive(new byte[1]))!.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
    }

    [Test]
    public void FirstReason_IsTheOneThatIsTold()
    {
        _connection.Abort(new(TeredoError.AddressChanged, "It changed."));
        _connection.Abort(new(TeredoError.NoAddress, "It is gone."));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => Reads[3](_stream, new byte[4]).InTime())!.Error, Is.EqualTo(TeredoError.AddressChanged));
    }

    [Test]
    public async Task ReadOrWrite_OnceItIsClosed_SaysSo([Range(0, 3)] int way, [Values] bool isAsync)
    {
        if (isAsync)
            await _stream.DisposeAsync();
        else
            _stream.Dispose();
        Assert.That(_peer.Receive(new byte[1]), Is.Zero, "the peer is told");
        Assert.ThrowsAsync<ObjectDisposedException>(() => Reads[way](_stream, new byte[4]).InTime());
        Assert.ThrowsAsync<ObjectDisposedException>(() => Writes[way](_stream, new byte[4]).InTime());
        Assert.Throws<ObjectDisposedException>(_connection.CompleteWriting);
    }

    [Test]
    public async Task WaitingRead_EndsWithTheConnection()
    {
        var reading = Reads[3](_stream, new byte[4]);
        await _connection.DisposeAsync();
        Assert.ThrowsAsync<ObjectDisposedException>(() => reading.InTime());
    }

    [Test]
    public async Task EmptyRead_OfAClosedPeer_IsNoEnd()
    {
        _peer.Shutdown(SocketShutdown.Send);
        Assert.That(await _stream.ReadAsync(Memory<byte>.Empty).InTime(), Is.Zero);
    }

    [Test]
    public void CancelledReadAndWrite_AreCancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        Assert.That(async () => await _stream.ReadAsync(new byte[1], cancelled).InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await _stream.WriteAsync(new byte[1], cancelled).InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Reset_NamesThePeer()
    {
        _peer.Close(0);
        var e = Assert.ThrowsAsync<IOException>(() => Reads[3](_stream, new byte[4]).InTime())!;
        Assert.That(e.Message, Does.Contain($"{_connection.RemoteEndPoint}"));
        Assert.That(e.InnerException, Is.InstanceOf<SocketException>());
    }

    [Test]
    public void Stream_SaysWhatItCan()
    {
        Assert.That((_stream.CanRead, _stream.CanWrite, _stream.CanSeek, _stream.CanTimeout), Is.EqualTo((true, true, false, true)));
        (_stream.ReadTimeout, _stream.WriteTimeout) = (3000, 4000);
        Assert.That((_connection.Socket!.ReceiveTimeout, _connection.Socket.SendTimeout), Is.EqualTo((3000, 4000)));
        Assert.That((_stream.ReadTimeout, _stream.WriteTimeout), Is.EqualTo((3000, 4000)));
        Assert.Throws<NotSupportedException>(() => _ = _stream.Length);
        Assert.Throws<NotSupportedException>(() => _ = _stream.Position);
        Assert.Throws<NotSupportedException>(() => _stream.Position = 1);
        Assert.Throws<NotSupportedException>(() => _stream.SetLength(1));
        Assert.Throws<NotSupportedException>(() => _stream.Seek(0, SeekOrigin.Begin));
    }
}
