using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Forwarding;

/// <summary>Forwards between programs of this machine over two nodes: what they carry, and what they say of it.</summary>
public sealed class ForwardTests
{
    [TestCase(TeredoSockets.InProcess, 100)]
    [TestCase(TeredoSockets.InProcess, 1000, Category = "Long", Explicit = true, Reason = "A long form, when a person asks for it.")]
    [TestCase(TeredoSockets.Kernel, 100)]
    public async Task Streams_ThereAndBack_AreWhole(TeredoSockets sockets, int sessions)
    {
        await using var lab = new Loopback();
        using var program = new HashProgram();
        await using var far = await (await StartAsync(lab, sockets)).ForwardAsync(new()
        {
            Target = $"{program.EndPoint}",
            MaxSessions = sessions,
            MaxSessionsPerPeer = sessions,
        });
        await using var near = await (await StartAsync(lab, sockets)).ForwardAsync(new()
        {
            Direction = TeredoForwardDirection.ToPeer,
            Target = $"{far.EndPoint}",
            MaxSessions = sessions,
        });
        await Parallel.ForAsync(0, sessions, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ended) =>
        {
            byte[] octets = RandomNumberGenerator.GetBytes(i * 97 % 70_000);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(near.EndPoint!).InTime();
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(octets, ended).InTime();
            socket.Shutdown(SocketShutdown.Send); // the program answers when it has seen the end
            byte[] answer = new byte[SHA256.HashSizeInBytes];
            await stream.ReadExactlyAsync(answer, ended).InTime();
            Assert.That(answer, Is.EqualTo(SHA256.HashData(octets)));
            Assert.That(await stream.ReadAsync(answer, ended).InTime(), Is.Zero, "and its end");
        }).InTime();
        long sent = Enumerable.Range(0, sessions).Sum(i => i * 97L % 70_000);
        await UntilAsync(() => far.Report.Sessions + near.Report.Sessions == 0);
        foreach (var report in (TeredoForwardReport[])[near.Report, far.Report])
        {
            Assert.That((report.Begun, report.Refused, report.Failed, report.OctetsToTarget, report.OctetsFromTarget),
                Is.EqualTo((sessions, 0, 0, sent, sessions * 32L)), report.ToString());
        }
    }

    [TestCase(TeredoSockets.InProcess, 100)]
    [TestCase(TeredoSockets.InProcess, 1000, Category = "Long", Explicit = true, Reason = "A long form, when a person asks for it.")]
    [TestCase(TeredoSockets.Kernel, 20)]
    public async Task Datagrams_ThereAndBack_ReachWhoSent(TeredoSockets sockets, int sessions)
    {
        await using var lab = new Loopback();
        using var program = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        program.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var seen = new HashSet<EndPoint>();
        _ = HashAsync();
        await using var far = await (await StartAsync(lab, sockets)).ForwardAsync(new()
        {
            Protocol = ProtocolType.Udp,
            Target = $"{program.LocalEndPoint}",
            MaxSessions = sessions,
            MaxSessionsPerPeer = sessions,
        });
        await using var near = await (await StartAsync(lab, sockets)).ForwardAsync(new()
        {
            Protocol = ProtocolType.Udp,
            Direction = TeredoForwardDirection.ToPeer,
            Target = $"{far.EndPoint}",
            MaxSessions = sessions,
        });
        Socket[] senders = [.. Enumerable.Range(0, sessions).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))];
        await Parallel.ForAsync(0, sessions, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var socket = senders[i]; // open until the end: the port of a closed one may be another sender's
            await socket.ConnectAsync(near.EndPoint!);
            byte[] octets = RandomNumberGenerator.GetBytes(1232 - i % 100), answer = new byte[64];
            var receiving = socket.ReceiveAsync(answer);
            while (!receiving.IsCompleted) // any datagram may be lost
            {
                await socket.SendAsync(octets);
                await Task.WhenAny(receiving, Task.Delay(1000, CancellationToken.None));
            }
            Assert.That(answer[..await receiving], Is.EqualTo(SHA256.HashData(octets)));
        }).InTime();
        Array.ForEach(senders, socket => socket.Dispose());
        Assert.That(seen, Has.Count.EqualTo(sessions), "each sender has a socket of its own at the program");
        Assert.That((near.Report.Begun, far.Report.Begun, far.Report.Refused), Is.EqualTo((sessions, sessions, 0)));
        Assert.That(far.Report.OctetsFromTarget, Is.GreaterThanOrEqualTo(sessions * 32));

        async Task HashAsync()
        {
            byte[] buffer = new byte[2000];
            while (true)
            {
                var received = await program.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                seen.Add(received.RemoteEndPoint);
                await program.SendToAsync(SHA256.HashData(buffer.AsSpan(0, received.ReceivedBytes)), received.RemoteEndPoint);
            }
        }
    }

    [Test]
    public async Task Program_IsToldThePeersAddress_IfItIsAskedFor()
    {
        await using var lab = new Loopback();
        using var program = new TcpListener(IPAddress.Loopback, 0);
        program.Start();
        await using var forward = await (await lab.StartAsync()).ForwardAsync(new() { Port = 80, Target = $"{program.LocalEndpoint}", SendProxyHeader = true });
        await using var connection = await (await lab.StartAsync()).ConnectAsync(forward.EndPoint!).InTime();
        await connection.GetStream().WriteAsync("hello"u8.ToArray()).InTime();
        using var accepted = await program.AcceptTcpClientAsync().InTime();
        byte[] octets = new byte[52 + 5];
        await accepted.GetStream().ReadExactlyAsync(octets).InTime();
        byte[] expected =
        [
            .. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x21, 0, 36,
            .. connection.LocalEndPoint.Address.GetAddressBytes(), .. forward.EndPoint!.Address.GetAddressBytes(),
            (byte)(connection.LocalEndPoint.Port >> 8), (byte)connection.LocalEndPoint.Port, 0, 80, .. "hello"u8,
        ];
        Assert.That(octets, Is.EqualTo(expected));
    }

    [Test]
    public async Task ProgramThatDoesNotRun_ResetsThePeer_AndIsToldOnce()
    {
        await using var lab = new Loopback();
        var log = new Recorder();
        var options = lab.Options;
        options.LoggerFactory = log;
        await using var forward = await (await lab.StartAsync(options)).ForwardAsync(new() { Target = $"127.0.0.1:{FreePort()}" });
        var peer = await lab.StartAsync();
        for (int i = 1; i <= 3; i++)
        {
            await using var connection = await peer.ConnectAsync(forward.EndPoint!).InTime();
            Assert.ThrowsAsync<IOException>(() => connection.GetStream().ReadAsync(new byte[1]).InTime());
            await UntilAsync(() => forward.Report.Failed == i && forward.Report.Sessions == 0);
        }
        Assert.That(forward.Report.Problem!.Error, Is.EqualTo(TeredoError.ConnectionRefused));
        Assert.That(forward.Report.Problem.Sentence, Does.Contain("Check that it runs and listens there"));
        Assert.That(log.Of(EventIds.ForwardFailed), Has.Exactly(1).Items);
        Assert.That(log.Of(EventIds.ForwardSessionEnded), Has.Exactly(3).Items);
    }

    [TestCase(1, 1000)]
    [TestCase(1000, 1)]
    public async Task Limit_RefusesFurtherSessions_UntilOneEnds(int all, int ofPeer)
    {
        await using var lab = new Loopback();
        using var program = new HashProgram();
        await using var forward = await (await lab.StartAsync()).ForwardAsync(new()
        {
            Target = $"{program.EndPoint}",
            MaxSessions = all,
            MaxSessionsPerPeer = ofPeer,
        });
        var peer = await lab.StartAsync();
        var first = await peer.ConnectAsync(forward.EndPoint!).InTime();
        await UntilAsync(() => forward.Report.Sessions == 1);
        await using (var second = await peer.ConnectAsync(forward.EndPoint!).InTime())
            Assert.ThrowsAsync<IOException>(() => second.GetStream().ReadAsync(new byte[1]).InTime());
        Assert.That((forward.Report.Refused, forward.Report.Begun), Is.EqualTo((1, 1)));
        first.Abort();
        await UntilAsync(() => forward.Report.Sessions == 0);
        await using var third = await peer.ConnectAsync(forward.EndPoint!).InTime();
        third.CompleteWriting();
        await third.GetStream().ReadExactlyAsync(new byte[32]).InTime();
    }

    [Test]
    public async Task ProgramThatDoesNotRead_HoldsThePeerBack()
    {
        const int octets = 64 << 20;
        await using var lab = new Loopback();
        using var program = new TcpListener(IPAddress.Loopback, 0);
        program.Start();
        await using var forward = await (await lab.StartAsync()).ForwardAsync(new() { Target = $"{program.LocalEndpoint}" });
        await using var connection = await (await lab.StartAsync()).ConnectAsync(forward.EndPoint!).InTime();
        var writing = connection.GetStream().WriteAsync(new byte[octets]).AsTask();
        using var accepted = await program.AcceptTcpClientAsync().InTime();
        await UntilAsync(() => forward.Report.OctetsToTarget > 0);
        await Task.Delay(500); // more would come, if somebody kept it
        Assert.That(writing.IsCompleted, Is.False);
        Assert.That(forward.Report.OctetsToTarget, Is.LessThan(octets / 2));
        accepted.Close(); // with octets that it has not read: a reset
        Assert.ThrowsAsync<IOException>(() => writing.InTime());
        await UntilAsync(() => forward.Report.Failed == 1);
    }

    [Test]
    public async Task Node_ThatIsDisposed_EndsItsForwards()
    {
        await using var lab = new Loopback();
        using var program = new HashProgram();
        var node = await lab.StartAsync();
        var there = await node.ForwardAsync(new() { Target = $"{program.EndPoint}" });
        var back = await node.ForwardAsync(new() { Direction = TeredoForwardDirection.ToPeer, Target = $"{there.EndPoint}" });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(back.EndPoint!).InTime();
        await UntilAsync(() => program.Accepted == 1);
        var local = back.EndPoint!;
        await node.DisposeAsync().InTime();
        await there.Completion.InTime();
        await back.Completion.InTime();
        Assert.That((there.Report.Sessions, back.Report.Sessions), Is.EqualTo((0, 0)));
        Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).InTime(), "no regular end");
        using var again = new TcpListener(local);
        again.ExclusiveAddressUse = false;
        Assert.DoesNotThrow(again.Start, "the port is free");
        Assert.ThrowsAsync<ObjectDisposedException>(() => node.ForwardAsync(new() { Target = "127.0.0.1:80" }));
    }

    [Test]
    public async Task Port_ThatIsTaken_IsToldAtOnce()
    {
        await using var lab = new Loopback();
        var node = await lab.StartAsync();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => node.ForwardAsync(new()
        {
            Direction = TeredoForwardDirection.ToPeer,
            Port = port,
            Target = "[2001:db8::1]:80",
        }))!.Message, Does.Contain($"TCP port {port} of this machine can't be used"));
        await using var listener = await node.ListenAsync(4242);
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => node.ForwardAsync(new() { Port = 4242, Target = "127.0.0.1:80" }))!.Error,
            Is.EqualTo(TeredoError.PortUnavailable));
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static async Task<TeredoNode> StartAsync(Loopback lab, TeredoSockets sockets)
    {
        try
        {
            return await lab.StartAsync(sockets == TeredoSockets.Kernel ? lab.KernelOptions : lab.Options);
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }

    static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!condition())
            await Task.Delay(5, limit.Token);
    }

    /// <summary>A program that reads to the end of a connection and answers with the hash of what it read.</summary>
    sealed class HashProgram : IDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        int _accepted;

        public HashProgram()
        {
            _listener.Start();
            _ = ServeAsync();
        }

        public EndPoint EndPoint => _listener.LocalEndpoint;

        public int Accepted => Volatile.Read(ref _accepted);

        public void Dispose() => _listener.Dispose();

        async Task ServeAsync()
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _accepted);
                _ = AnswerAsync(client);
            }
        }

        static async Task AnswerAsync(TcpClient client)
        {
            using (client)
                await client.GetStream().WriteAsync(await SHA256.HashDataAsync(client.GetStream()));
        }
    }
}
