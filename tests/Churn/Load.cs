using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TeredoSdk.Churn;

/// <summary>How much is done.</summary>
public sealed record Load
{
    /// <summary>How long connections are made and closed, at so many at once.</summary>
    public required TimeSpan ChurnTime { get; init; }
    /// <summary>How many connections are made and closed at once.</summary>
    public int AtOnce { get; init; } = 20;
    /// <summary>How many connections are open at the same time.</summary>
    public required int Connections { get; init; }
    /// <summary>How often a node is started and stopped.</summary>
    public required int Starts { get; init; }

    /// <summary>The load of the command.</summary>
    public static Load Full => new() { ChurnTime = TimeSpan.FromMinutes(10), Connections = 2000, Starts = 500 };

    /// <summary>The load of the tests.</summary>
    public static Load Short => new() { ChurnTime = TimeSpan.FromSeconds(1), Connections = 100, Starts = 5 };
}

/// <summary>A server and two nodes with kernel sockets on loopback addresses of this machine; one of them echoes.</summary>
public sealed partial class Bench : IAsyncDisposable
{
    const int Port = 4242, PortOfNobody = 4243, MessageOctets = 1000, ConnectsAtOnce = 50;
    // The kernel keeps the port of a closed connection for 60 s, and has 28,000 of them: so 470 connections a second to one peer, for long.
    const int WaitsForPort = 90;
    static readonly TimeSpan WaitForPort = TimeSpan.FromSeconds(1);
    static readonly byte[] Message = RandomNumberGenerator.GetBytes(MessageOctets);

    readonly TeredoServerHost _server;
    readonly TeredoOptions _options;
    readonly TeredoNode _near, _far;
    readonly TeredoListener _listener;
    readonly Task _serving;
    readonly ConcurrentDictionary<string, int> _failures = [];
    int _waits;

    Bench(TeredoServerHost server, TeredoOptions options, TeredoNode near, TeredoNode far, TeredoListener listener)
    {
        (_server, _options, _near, _far, _listener) = (server, options, near, far, listener);
        _serving = ServeAsync();
    }

    /// <summary>The conversations that failed, by kind.</summary>
    public IReadOnlyDictionary<string, int> Failures => _failures;

    /// <summary>How often a connection had to wait because all dynamic ports were in use. That is the pace of the kernel, and no failure.</summary>
    public int Waits => _waits;

    /// <summary>Starts everything.</summary>
    /// <exception cref="TeredoException">There are no kernel sockets here, for example.</exception>
    public static async Task<Bench> StartAsync()
    {
        var octets = RandomNumberGenerator.GetBytes(2); // so that runs beside each other do not meet
        IPAddress At(byte host) => new([127, (byte)(64 + octets[0] % 128), octets[1], host]);
        var server = await TeredoServerHost.StartAsync(new() { Address = At(1), SecondaryAddress = At(2), AllowPrivateAddresses = true }).ConfigureAwait(false);
        var options = new TeredoOptions
        {
            Servers = [$"{At(1)},{At(2)}"],
            Provider = TeredoProvider.Embedded,
            Sockets = TeredoSockets.Kernel,
            AllowPrivateAddresses = true,
            PortMapping = false,
        };
        try
        {
            var near = await TeredoNode.StartAsync(options).ConfigureAwait(false);
            var far = await TeredoNode.StartAsync(options).ConfigureAwait(false);
            var listener = await far.ListenAsync(new TeredoListenOptions { Port = Port, Backlog = 1024 }).ConfigureAwait(false);
            return new(server, options, near, far, listener);
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects, talks and closes, so many at once, until the time is over.</summary>
    /// <returns>How many conversations there were.</returns>
    public async Task<long> ChurnAsync(TimeSpan time, int atOnce, CancellationToken cancellationToken)
    {
        long count = 0, end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(LoopAsync, cancellationToken))).ConfigureAwait(false);
        return count;

        async Task LoopAsync()
        {
            while (Environment.TickCount64 < end && !cancellationToken.IsCancellationRequested)
            {
                await using var connection = await TryConnectAsync(cancellationToken).ConfigureAwait(false);
                if (connection is not null && await TalkAsync(connection, isLast: true, cancellationToken).ConfigureAwait(false))
                    Interlocked.Increment(ref count);
            }
        }
    }

    /// <summary>Makes a connection attempt fail, so that what exceptions need is loaded.</summary>
    /// <exception cref="InvalidOperationException">It did not fail.</exception>
    public async Task FailAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var refused = await _near.ConnectAsync(new(_far.Address!, PortOfNobody), cancellationToken).ConfigureAwait(false);
        }
        catch (TeredoException)
        {
            return;
        }
        throw new InvalidOperationException($"Something listens at port {PortOfNobody}.");
    }

    /// <summary>Opens so many connections, talks over all of them while all are open, and closes them.</summary>
    /// <returns>How many of them answered.</returns>
    public async Task<int> HoldAsync(int connections, CancellationToken cancellationToken)
    {
        var open = new List<TeredoConnection>();
        try
        {
            while (open.Count < connections)
            {
                int next = Math.Min(ConnectsAtOnce, connections - open.Count);
                var made = await Task.WhenAll(Enumerable.Range(0, next).Select(_ => TryConnectAsync(cancellationToken))).ConfigureAwait(false);
                open.AddRange(made.OfType<TeredoConnection>());
                cancellationToken.ThrowIfCancellationRequested();
            }
            bool[] answered = await Task.WhenAll(open.Select(connection => TalkAsync(connection, isLast: false, cancellationToken))).ConfigureAwait(false);
            return answered.Count(isAnswered => isAnswered);
        }
        finally
        {
            foreach (var connection in open)
                await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Starts and stops a node of its own, with a listener and a socket, so many times.</summary>
    public async Task StartAndStopAsync(int times, CancellationToken cancellationToken)
    {
        for (int i = 0; i < times; i++)
        {
            await using var node = await TeredoNode.StartAsync(_options, cancellationToken).ConfigureAwait(false);
            await using var listener = await node.ListenAsync(Port, cancellationToken).ConfigureAwait(false);
            await using var socket = await node.BindDatagramAsync(0, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        await _near.DisposeAsync().ConfigureAwait(false);
        await _far.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
    }

    async Task<TeredoConnection?> TryConnectAsync(CancellationToken cancellationToken)
    {
        for (int waits = 0; ; waits++)
        {
            try
            {
                return await _near.ConnectAsync(_listener.TeredoEndPoint!, cancellationToken).ConfigureAwait(false);
            }
            catch (TeredoException e) when (e.Error == TeredoError.PortUnavailable && waits < WaitsForPort)
            {
                Interlocked.Increment(ref _waits);
                await Task.Delay(WaitForPort, cancellationToken).ConfigureAwait(false);
            }
            catch (TeredoException e)
            {
                Count($"no connection: {e.Error}");
                return null;
            }
        }
    }

    async Task<bool> TalkAsync(TeredoConnection connection, bool isLast, CancellationToken cancellationToken)
    {
        byte[] answer = new byte[MessageOctets];
        try
        {
            var stream = connection.GetStream();
            await stream.WriteAsync(Message, cancellationToken).ConfigureAwait(false);
            if (isLast)
                connection.CompleteWriting();
            await stream.ReadExactlyAsync(answer, cancellationToken).ConfigureAwait(false);
            if (answer.AsSpan().SequenceEqual(Message) && (!isLast || await stream.ReadAsync(answer, cancellationToken).ConfigureAwait(false) == 0))
                return true;
            Count("another answer");
        }
        catch (IOException e)
        {
            Count($"no answer: {(e.InnerException is SocketException inner ? $"{inner.SocketErrorCode}" : e.GetType().Name)}");
        }
        return false;
    }

    void Count(string failure) => _failures.AddOrUpdate(failure, 1, (_, count) => count + 1);

    async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = EchoAsync(await _listener.AcceptAsync().ConfigureAwait(false));
        }
        catch (ObjectDisposedException)
        {
            // The end.
        }
    }

    static async Task EchoAsync(TeredoConnection connection)
    {
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                byte[] buffer = new byte[MessageOctets];
                int length;
                while ((length = await connection.GetStream().ReadAsync(buffer).ConfigureAwait(false)) > 0)
                    await connection.GetStream().WriteAsync(buffer.AsMemory(0, length)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The near end counts what did not arrive.
            }
        }
    }
}
