using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TeredoSdk.Tests.Streams;

/// <summary>Who has two ends of a TCP connection.</summary>
public enum StreamKind
{
    /// <summary>Two sockets of this machine with .NET's own stream: what the others are measured by.</summary>
    Sockets,
    /// <summary>Nodes with sockets of the kernel.</summary>
    Kernel,
    /// <summary>Nodes with TCP inside the process.</summary>
    InProcess,
}

/// <summary>What an application sees of a TCP connection is the same, whoever has the TCP: .NET's sockets, a node with kernel sockets, one without.</summary>
[TestFixture(StreamKind.Sockets), TestFixture(StreamKind.Kernel), TestFixture(StreamKind.InProcess)]
public sealed class StreamContractTests(StreamKind kind)
{
    const int Port = 4242;

    Loopback? _lab;
    TeredoNode _alice = null!, _bob = null!;
    Func<Task<StreamPair>> _connect = null!;
    Socket? _listener;

    [OneTimeSetUp]
    public async Task StartNodes()
    {
        if (kind == StreamKind.Sockets)
        {
            _listener = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
            _listener.Listen();
            _connect = () => StreamPair.ConnectAsync(_listener);
            return;
        }
        _lab = new();
        var options = kind == StreamKind.Kernel ? _lab.KernelOptions : _lab.Options;
        try
        {
            (_alice, _bob) = (await _lab.StartAsync(options), await _lab.StartAsync(options));
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            await StopNodes();
            Assert.Ignore(e.Message);
        }
        var teredo = await _bob.ListenAsync(Port).InTime();
        _connect = async () =>
        {
            var calling = _alice.ConnectAsync(teredo.TeredoEndPoint!).InTime();
            var callee = await teredo.AcceptAsync().InTime();
            return new(await calling, callee);
        };
    }

    [OneTimeTearDown]
    public async Task StopNodes()
    {
        _listener?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    static readonly Func<Stream, byte[], Task<int>>[] Reads = [(stream, buffer) => Task.Run(() => stream.Read(buffer)), (stream, buffer) => stream.ReadAsync(buffer).AsTask()];

    static readonly Func<Stream, byte[], Task>[] Writes = [(stream, buffer) => Task.Run(() => stream.Write(buffer)), (stream, buffer) => stream.WriteAsync(buffer).AsTask()];

    static SocketError? CodeOf(Func<Task> call)
    {
        var failure = Assert.CatchAsync(() => call().InTime())!;
        Assert.That(failure, Is.InstanceOf<IOException>());
        return (failure.InnerException as SocketException)?.SocketErrorCode;
    }

    [Test]
    public void Connect_WhereNobodyListens_IsRefused()
    {
        SocketException? cause;
        if (kind == StreamKind.Sockets)
        {
            using var nobody = SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp); // it does not listen
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            cause = Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(nobody.LocalEndPoint!).InTime());
        }
        else
        {
            // Only to itself a node sends a reset from a port that nobody was called from.
            var failure = Assert.ThrowsAsync<TeredoException>(() => _alice.ConnectAsync(new(_alice.Address!, Port + 7)).InTime())!;
            Assert.That(failure.Error, Is.EqualTo(TeredoError.ConnectionRefused));
            cause = failure.InnerException as SocketException;
        }
        Assert.That(cause?.SocketErrorCode, Is.EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public async Task Listen_AtAPortInUse_FailsWithTheCodeOfSockets([Values] bool isDatagram)
    {
        SocketException? cause;
        if (kind == StreamKind.Sockets)
        {
            using var first = isDatagram ? SocketOwner.Bound(SocketType.Dgram, ProtocolType.Udp) : SocketOwner.Bound(SocketType.Stream, ProtocolType.Tcp);
            if (!isDatagram)
                first.Listen();
            using var second = new Socket(AddressFamily.InterNetworkV6, first.SocketType, first.ProtocolType);
            cause = Assert.Throws<SocketException>(() => second.Bind(first.LocalEndPoint!));
        }
        else
        {
            await using var datagrams = isDatagram ? await _bob.BindDatagramAsync(Port).InTime() : null;
            var failure = Assert.ThrowsAsync<TeredoException>(() => isDatagram ? _bob.BindDatagramAsync(Port).InTime() : _bob.ListenAsync(Port).InTime())!;
            Assert.That(failure.Error, Is.EqualTo(TeredoError.PortUnavailable));
            cause = failure.InnerException as SocketException;
        }
        Assert.That(cause?.SocketErrorCode, Is.EqualTo(SocketError.AddressAlreadyInUse));
    }

    [Test]
    public void Connect_ToAnAddressThatIsNotIPv6_IsAnError()
    {
        var ipv4 = new IPEndPoint(IPAddress.Loopback, Port);
        if (kind == StreamKind.Sockets)
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
            Assert.CatchAsync<Exception>(() => socket.ConnectAsync(ipv4).InTime());
            return;
        }
        Assert.That(Assert.ThrowsAsync<ArgumentException>(() => _alice.ConnectAsync(ipv4).InTime())!.Message, Does.Contain("expected an IPv6 address"));
    }

    [Test]
    public async Task Reset_InMidStream_FailsReadsAndWrites([Values(0, 1)] int way)
    {
        await using var pair = await _connect();
        byte[] buffer = new byte[10];
        var reading = Reads[way](pair.Caller, buffer);
        await pair.Callee.WriteAsync(new byte[] { 1, 2 }).InTime();
        Assert.That(await reading.InTime(), Is.EqualTo(2));
        reading = Reads[way](pair.Caller, buffer);
        pair.ResetByCallee();
        Assert.That(CodeOf(() => reading), Is.EqualTo(SocketError.ConnectionReset));
        Assert.That(CodeOf(() => Writes[way](pair.Caller, new byte[1])), Is.AnyOf(SocketError.Shutdown, SocketError.ConnectionReset), "EPIPE, where a kernel has told of the reset");
    }

    [Test]
    public async Task Write_AfterThePeerHasClosed_FailsInTheEnd([Values(0, 1)] int way)
    {
        await using var pair = await _connect();
        await pair.Callee.DisposeAsync();
        byte[] buffer = new byte[10];
        Assert.That(await Reads[way](pair.Caller, buffer).InTime(), Is.Zero, "a regular end");
        var limit = Stopwatch.StartNew();
        Assert.That(CodeOf(async () =>
        {
            while (limit.Elapsed < Patience.Limit) // until the peer's reset has come
            {
                await Writes[way](pair.Caller, buffer);
                await Task.Delay(1);
            }
        }), Is.AnyOf(SocketError.ConnectionReset, SocketError.Shutdown));
    }

    [Test]
    public async Task HalfClose_EndsOneDirection([Values(0, 1)] int way)
    {
        await using var pair = await _connect();
        byte[] buffer = new byte[10];
        await pair.Caller.WriteAsync(new byte[] { 5 }).InTime();
        pair.FinishByCaller();
        Assert.That(await Reads[way](pair.Callee, buffer).InTime(), Is.EqualTo(1), "what was written before");
        for (int i = 0; i < 2; i++)
            Assert.That(await Reads[way](pair.Callee, buffer).InTime(), Is.Zero);
        Assert.That(CodeOf(() => Writes[way](pair.Caller, new byte[1])), Is.EqualTo(SocketError.Shutdown));
        await Writes[way](pair.Callee, [7]).InTime();
        Assert.That(await Reads[way](pair.Caller, buffer).InTime(), Is.EqualTo(1));
    }

    [Test]
    public async Task ReadOrWrite_AfterClosing_SaysSo([Values(0, 1)] int way)
    {
        await using var pair = await _connect();
        await pair.Caller.DisposeAsync();
        Assert.ThrowsAsync<ObjectDisposedException>(() => Reads[way](pair.Caller, new byte[1]).InTime());
        Assert.ThrowsAsync<ObjectDisposedException>(() => Writes[way](pair.Caller, new byte[1]).InTime());
    }

    [Test]
    public async Task ReadTimeout_EndsTheRead_AndNotTheConnection()
    {
        await using var pair = await _connect();
        pair.Caller.ReadTimeout = 50;
        Assert.That(CodeOf(() => Reads[0](pair.Caller, new byte[1])), Is.EqualTo(SocketError.TimedOut));
        await pair.Callee.WriteAsync(new byte[] { 3 }).InTime();
        pair.Caller.ReadTimeout = Timeout.Infinite;
        byte[] buffer = new byte[1];
        Assert.That((await Reads[0](pair.Caller, buffer).InTime(), buffer[0]), Is.EqualTo((1, (byte)3)));
    }

    [Test]
    public async Task WriteTimeout_EndsTheWrite_WhenThePeerTakesNothing()
    {
        await using var pair = await _connect();
        pair.Caller.WriteTimeout = 50;
        byte[] block = new byte[1 << 20];
        Assert.That(CodeOf(() => Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
                pair.Caller.Write(block);
        })), Is.EqualTo(SocketError.TimedOut));
    }

    [Test]
    public async Task Timeouts_AreOfSynchronousCalls_AndNeverZero()
    {
        await using var pair = await _connect();
        Assert.That((pair.Caller.CanTimeout, pair.Caller.ReadTimeout, pair.Caller.WriteTimeout), Is.EqualTo((true, Timeout.Infinite, Timeout.Infinite)));
        foreach (int bad in new[] { 0, -2 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => pair.Caller.ReadTimeout = bad);
            Assert.Throws<ArgumentOutOfRangeException>(() => pair.Caller.WriteTimeout = bad);
        }
        pair.Caller.ReadTimeout = 1;
        var reading = pair.Caller.ReadAsync(new byte[1]).AsTask();
        await Task.Delay(20);
        Assert.That(reading.IsCompleted, Is.False);
        await pair.Callee.WriteAsync(new byte[1]).InTime();
        Assert.That(await reading.InTime(), Is.EqualTo(1));
    }

    [Test]
    public async Task Cancellation_OfARead_LosesNothing()
    {
        await using var pair = await _connect();
        using var cancellation = new CancellationTokenSource();
        var reading = pair.Caller.ReadAsync(new byte[1], cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await reading.InTime(), Throws.InstanceOf<OperationCanceledException>());
        await pair.Callee.WriteAsync(new byte[] { 9 }).InTime();
        byte[] buffer = new byte[1];
        Assert.That((await pair.Caller.ReadAsync(buffer).InTime(), buffer[0]), Is.EqualTo((1, (byte)9)));
    }

    [Test]
    public async Task Cancellation_OfAWrite_EndsIt()
    {
        await using var pair = await _connect();
        using var cancellation = new CancellationTokenSource();
        var writing = pair.Caller.WriteAsync(new byte[100 << 20], cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await writing.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task EmptyRead_WaitsUntilThereIsSomething()
    {
        await using var pair = await _connect();
        var reading = pair.Caller.ReadAsync(Memory<byte>.Empty).AsTask();
        await Task.Delay(20);
        Assert.That(reading.IsCompleted, Is.False);
        await pair.Callee.WriteAsync(new byte[] { 4 }).InTime();
        Assert.That(await reading.InTime(), Is.Zero);
        Assert.That(await pair.Caller.ReadAsync(new byte[8]).InTime(), Is.EqualTo(1));
    }

    [Test]
    public async Task WaitingRead_EndsWhenItsOwnerCloses()
    {
        await using var pair = await _connect();
        var reading = pair.Caller.ReadAsync(new byte[1]).AsTask();
        await pair.Caller.DisposeAsync();
        Assert.CatchAsync(() => reading.InTime());
    }

    [Test]
    public async Task Pipes_CarryAll_AndTheirEnd()
    {
        await using var pair = await _connect();
        byte[] sent = RandomNumberGenerator.GetBytes(300_000);
        var writer = PipeWriter.Create(pair.Caller, new(leaveOpen: true));
        var writing = Task.Run(async () =>
        {
            for (int at = 0; at < sent.Length; at += 1000)
                await writer.WriteAsync(sent.AsMemory(at, 1000));
            await writer.CompleteAsync();
            pair.FinishByCaller();
        });
        var reader = PipeReader.Create(pair.Callee);
        using var received = new MemoryStream();
        await reader.CopyToAsync(received).InTime();
        await writing.InTime();
        Assert.That(received.ToArray(), Is.EqualTo(sent));
    }

    [Test]
    public async Task Settings_AreThoseOfASocket()
    {
        await using var pair = await _connect();
        if (pair.Connection is not { } connection)
        {
            Assert.That(kind, Is.EqualTo(StreamKind.Sockets), "they are its own");
            return;
        }
        Assert.That((connection.NoDelay, connection.KeepAliveTime, connection.LingerState.Enabled), Is.EqualTo((true, (TimeSpan?)null, false)));
        connection.NoDelay = false;
        (connection.KeepAliveTime, connection.KeepAliveInterval) = (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5));
        Assert.That((connection.NoDelay, connection.KeepAliveTime, connection.KeepAliveInterval),
            Is.EqualTo((false, (TimeSpan?)TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5))));
        if (connection.Socket is { } socket)
            Assert.That((socket.NoDelay, (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!), Is.EqualTo((false, 30)));
        connection.KeepAliveTime = null;
        Assert.That(connection.KeepAliveTime, Is.Null);
        foreach (double seconds in new[] { 0, 0.5, 1.5, 32768, -1 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => connection.KeepAliveTime = TimeSpan.FromSeconds(seconds));
            Assert.Throws<ArgumentOutOfRangeException>(() => connection.KeepAliveInterval = TimeSpan.FromSeconds(seconds));
        }
        Assert.Throws<ArgumentNullException>(() => connection.LingerState = null!);
        connection.LingerState = new(true, 0);
        Assert.That((connection.LingerState.Enabled, connection.LingerState.LingerTime), Is.EqualTo((true, 0)));
        await connection.DisposeAsync().InTime();
        Assert.That(CodeOf(() => pair.Callee.ReadExactlyAsync(new byte[1]).AsTask()), Is.EqualTo(SocketError.ConnectionReset));
        Assert.Throws<ObjectDisposedException>(() => connection.NoDelay = true);
        Assert.Throws<ObjectDisposedException>(() => _ = connection.KeepAliveTime);
    }

    [Test]
    public async Task Tls_RunsOverIt()
    {
        await using var pair = await _connect();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=peer", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        await using var client = new SslStream(pair.Caller, leaveInnerStreamOpen: true, (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString());
        await using var server = new SslStream(pair.Callee, leaveInnerStreamOpen: true);
        await Task.WhenAll(client.AuthenticateAsClientAsync("peer"), server.AuthenticateAsServerAsync(certificate)).InTime();
        byte[] sent = RandomNumberGenerator.GetBytes(200_000), received = new byte[sent.Length];
        var writing = client.WriteAsync(sent);
        await server.ReadExactlyAsync(received).InTime();
        await writing.InTime();
        Assert.That(received, Is.EqualTo(sent));
    }

    /// <summary>Both ends of a connection.</summary>
    sealed class StreamPair(Stream caller, Stream callee, Action finish, Action reset) : IAsyncDisposable
    {
        public StreamPair(TeredoConnection caller, TeredoConnection callee)
            : this(caller.GetStream(), callee.GetStream(), caller.CompleteWriting, callee.Abort) => Connection = caller;

        public static async Task<StreamPair> ConnectAsync(Socket listener)
        {
            var caller = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            await caller.ConnectAsync(listener.LocalEndPoint!).InTime();
            var callee = await listener.AcceptAsync().InTime();
            return new(new NetworkStream(caller, ownsSocket: true), new NetworkStream(callee, ownsSocket: true),
                () => caller.Shutdown(SocketShutdown.Send), () => callee.Close(0));
        }

        /// <summary>The caller's; null with sockets.</summary>
        public TeredoConnection? Connection { get; }

        public Stream Caller => caller;

        public Stream Callee => callee;

        public void FinishByCaller() => finish();

        public void ResetByCallee() => reset();

        public async ValueTask DisposeAsync()
        {
            await caller.DisposeAsync();
            await callee.DisposeAsync();
        }
    }
}
