using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>A gateway at a loopback address: UDP 5351, SSDP at UDP 1900, and HTTP. What it answers, the test says.</summary>
sealed class LoopbackGateway : IAsyncDisposable
{
    static readonly byte[] Marker = "marker"u8.ToArray();

    public static readonly IPv4Address Public = IPv4Address.Parse("198.51.100.7");

    readonly LoopbackBlock _addresses = LoopbackBlock.Take();
    readonly CancellationTokenSource _stop = new();
    readonly List<Task> _tasks = [];
    readonly List<IDisposable> _sockets = [];
    readonly List<IPEndPoint> _services = [];
    readonly Channel<string> _requests = Channel.CreateUnbounded<string>();

    public LoopbackGateway()
    {
        Address = IPv4Address.FromIPAddress(_addresses[1]);
        Client = new(new(Address.Value + 1), 40123);
        HttpAddress = Address;
    }

    public IPv4Address Address { get; }

    /// <summary>The endpoint that shall be mapped.</summary>
    public IPv4Endpoint Client { get; }

    public ManualTime Time { get; } = new();

    public GatewayPath Path => new(Client, Address, Link, Time, NullLogger.Instance);

    /// <summary>The gateway and the 254 others of its subnet.</summary>
    public IPv4Subnet Link => new(Address, 24);

    /// <summary>Where the mapper keeps its notes; null for nowhere.</summary>
    public string? Notes { get; set; }

    /// <summary>Answers of the three services; null is silence. Set before they listen.</summary>
    public Func<byte[], byte[]?>? Udp { get; set; }

    public Func<string, string?>? Ssdp { get; set; }

    /// <summary>Answers to an action, given with its body: the status and the body. The description is asked for with a path.</summary>
    public Func<string, string, (int Status, string Body)>? Http { get; set; }

    public int HttpPort { get; private set; }

    /// <summary>Where HTTP is served: the gateway's address, or another one that the gateway has on the link.</summary>
    public IPv4Address HttpAddress { get; set; }

    /// <summary>Who sent the last datagram.</summary>
    public IPEndPoint? Remote { get; private set; }

    public GatewayPortMapper Mapper => MapperWith(Time);

    public GatewayPortMapper MapperWith(TimeProvider time) => new(address => address == Client.Address ? new LocalGateway(Address, Link) : null,
        Notes is null ? null : new(Notes, NullLogger.Instance), time, NullLogger.Instance);

    public LoopbackGateway Listen()
    {
        if (Udp is not null)
            Serve(5351, request => Udp(request));
        if (Ssdp is not null)
            Serve(1900, request => Ssdp(Encoding.ASCII.GetString(request)) is { } answer ? Encoding.Latin1.GetBytes(answer) : null);
        if (Http is null)
            return this;
        var listener = new TcpListener(HttpAddress.ToIPAddress(), 0);
        listener.Start();
        HttpPort = ((IPEndPoint)listener.LocalEndpoint).Port;
        _sockets.Add(listener);
        _tasks.Add(ServeHttpAsync(listener));
        return this;
    }

    /// <summary>The next thing that the gateway was asked, in a few words.</summary>
    public Task<string> NextRequestAsync() => _requests.Reader.ReadAsync().InTime();

    /// <summary>Waits until a timer is due in that span from now: else time would pass before it is armed.</summary>
    public Task UntilArmedAsync(TimeSpan notBefore, TimeSpan notAfter) => Task.Run(async () =>
    {
        while (!Time.IsArmedWithin(notBefore, notAfter))
            await Task.Yield();
    }).InTime();

    /// <summary>Lets time pass until something is done that waits in vain: from timer to timer, each time when what was asked is answered.</summary>
    public async Task<T> PassTimeAsync<T>(Task<T> task)
    {
        await PassTimeAsync((Task)task);
        return await task;
    }

    /// <inheritdoc cref="PassTimeAsync{T}(Task{T})"/>
    public async Task PassTimeAsync(Task task)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        await QuietAsync(limit.Token);
        while (!task.IsCompleted)
        {
            Time.AdvanceToTheNextTimer();
            await QuietAsync(limit.Token);
        }
        await task;
    }

    /// <summary>Waits until what was sent to the gateway is answered, and the answers are taken.</summary>
    /// <remarks>
    /// A datagram of ours goes the same way there and back. A socket hands out datagrams in the order in which they came, and the runtime tells of
    /// sockets in the order in which they have something: when ours is back, those before it are.
    /// </remarks>
    async Task QuietAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _services.Append(null))
        {
            using var probe = new UdpClient(new IPEndPoint(Address.ToIPAddress(), 0));
            await probe.SendAsync(Marker, service ?? (IPEndPoint)probe.Client.LocalEndPoint!, cancellationToken);
            await probe.ReceiveAsync(cancellationToken);
        }
        for (int i = 0; i < 3; i++) // an answer that is taken may cause the next step on another thread
        {
            await Task.Delay(1, cancellationToken);
            while (ThreadPool.PendingWorkItemCount > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    /// <summary>Sends one more datagram to who asked last: from the gateway's UDP port 5351.</summary>
    public void SendUdp(byte[] octets) => ((UdpClient)_sockets[0]).Send(octets, Remote!);

    /// <summary>Sends a datagram to who asked last, from another host.</summary>
    public void SendFrom(IPv4Endpoint other, params ReadOnlySpan<string> texts)
    {
        using var socket = new UdpClient(other.ToIPEndPoint());
        foreach (string text in texts)
            socket.Send(Encoding.Latin1.GetBytes(text), Remote!);
    }

    /// <summary>Searches for UPnP services until a description turns out to be of no use, and returns why.</summary>
    public async Task<string> DescriptionProblemAsync()
    {
        using var stop = new CancellationTokenSource();
        var findings = await UpnpSearch.FindAsync(Path with { Log = new StoppingLog("description", stop) }, stop.Token).InTime();
        Assert.That(findings.Services, Is.Empty);
        return findings.Problem;
    }

    public void Note(string request) => _requests.Writer.TryWrite(request);

    /// <summary>What was asked and not looked at yet.</summary>
    public List<string> Requests
    {
        get
        {
            List<string> all = [];
            while (_requests.Reader.TryRead(out string? request))
                all.Add(request);
            return all;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var socket in _sockets)
            socket.Dispose();
        await Task.WhenAll(_tasks).InTime();
        _stop.Dispose();
        _addresses.Dispose();
    }

    /// <summary>NAT-PMP as it should be.</summary>
    public static byte[] NatPmp(byte[] request, IPv4Address external, uint epoch, uint lifetime = 7200, ushort result = 0)
    {
        byte[] answer = new byte[request[1] == 0 ? 12 : 16];
        answer[1] = (byte)(0x80 | request[1]);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), result);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), epoch);
        if (request[1] == 0)
            external.Write(answer.AsSpan(8));
        else
        {
            request.AsSpan(4, 4).CopyTo(answer.AsSpan(8));
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(12), lifetime);
        }
        return answer;
    }

    /// <summary>PCP as it should be.</summary>
    public static byte[] Pcp(byte[] request, IPv4Address external, uint epoch, uint lifetime = 7200, byte result = 0)
    {
        byte[] answer = (byte[])request.Clone();
        answer[1] |= 0x80;
        answer[3] = result;
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), lifetime);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(8), epoch);
        answer.AsSpan(12, 12).Clear();
        if (answer.Length >= 60)
            external.Write(answer.AsSpan(56));
        return answer;
    }

    /// <summary>The answer of a gateway that speaks NAT-PMP only to a request of another version (RFC 6886 §3.5, RFC 6887 §9).</summary>
    public static byte[] UnsupportedVersion(byte[] request) => [0, (byte)(0x80 | request[1]), 0, 1, 0, 0, 0, 9];

    /// <summary>Cancels once a message says a word.</summary>
    sealed class StoppingLog(string word, CancellationTokenSource stop) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains(word, StringComparison.Ordinal))
                stop.CancelAsync();
        }
    }

    void Serve(int port, Func<byte[], byte[]?> answer)
    {
        var service = new IPv4Endpoint(Address, (ushort)port).ToIPEndPoint();
        var socket = new UdpClient(service);
        _services.Add(service);
        _sockets.Add(socket);
        _tasks.Add(ServeAsync(socket, answer));
    }

    async Task ServeAsync(UdpClient socket, Func<byte[], byte[]?> answer)
    {
        try
        {
            while (true)
            {
                var request = await socket.ReceiveAsync(_stop.Token);
                if (request.Buffer.AsSpan().SequenceEqual(Marker))
                {
                    await socket.SendAsync(Marker, request.RemoteEndPoint, _stop.Token);
                    continue;
                }
                Remote = request.RemoteEndPoint;
                if (answer(request.Buffer) is { } octets)
                    await socket.SendAsync(octets, request.RemoteEndPoint, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Stopped.
        }
    }

    async Task ServeHttpAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or InvalidOperationException or SocketException)
        {
            // Stopped.
        }
    }

    // One request per connection, which is closed then.
    async Task AnswerAsync(NetworkStream stream)
    {
        try
        {
            var text = new StringBuilder();
            byte[] buffer = new byte[4096];
            while (!IsWhole(text.ToString()))
            {
                int length = await stream.ReadAsync(buffer, _stop.Token);
                if (length == 0)
                    return;
                text.Append(Encoding.UTF8.GetString(buffer, 0, length));
            }
            string request = text.ToString();
            string action = request.Split("\r\n").FirstOrDefault(line => line.StartsWith("SOAPAction:", StringComparison.OrdinalIgnoreCase)) is { } header
                ? header.Trim('"').Split('#')[1] : request.Split(' ')[1];
            var (status, body) = Http!(action, request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
            string head = $"HTTP/1.1 {status} X\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n"
                + (status == 302 ? $"Location: http://{Client.Address}:1/\r\n" : "");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(head + "\r\n" + body), _stop.Token);
        }
        catch (IOException)
        {
            // The client went away.
        }
    }

    static bool IsWhole(string request)
    {
        int end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        string? length = Array.Find(request[..end].Split("\r\n"), line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return length is null || request.Length - end - 4 >= int.Parse(length[15..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
