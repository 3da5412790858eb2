using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>A UDP transport over one ordinary <see cref="Socket"/>.</summary>
sealed class SocketTransport : IUdpTransport
{
    /// <summary>The size of the buffers that is asked for; the system may give less. The default sizes would cost a quarter of the throughput.</summary>
    public const int BufferOctets = 4 << 20;

    /// <summary>How many datagrams are taken in a row before other work of the process has its turn, which matters with one processor.</summary>
    public const int DatagramsPerTurn = 64;

    /// <summary>How many transports of a process have a thread each, which spares every datagram a hop to the thread pool.</summary>
    const int MaxThreads = 8;

    const int SioUdpConnReset = -1744830452;
    const int MaxErrorsInARow = 16;
    static readonly TimeSpan ErrorPause = TimeSpan.FromSeconds(1);
    static int _threads;

    readonly Socket _socket;
    readonly DatagramHandler _handler;
    readonly ILogger _log;
    readonly CancellationTokenSource _closed = new();
    readonly CancellationToken _closing;
    readonly Lock _sending = new(); // held while sending, because the TTL belongs to the socket
    readonly SocketAddress4 _target = new();
    readonly short _defaultTtl;
    readonly int _receiveBufferOctets;
    short _ttl;
    bool _isClosed;

    /// <param name="local">The address and port to bind to.</param>
    /// <param name="handler">Takes what comes in.</param>
    /// <param name="log">The log.</param>
    /// <param name="hasThread">Whether a thread of its own receives; null: if there are few transports.</param>
    /// <param name="isShard">Whether others bind to the same port.</param>
    /// <exception cref="SocketException">The socket can't be bound.</exception>
    public SocketTransport(IPv4Endpoint local, DatagramHandler handler, ILogger log, bool? hasThread = null, bool isShard = false)
    {
        (_handler, _log, _closing) = (handler, log, _closed.Token);
        _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            Configure(_socket, isShard);
            _socket.Bind(local.ToIPEndPoint());
            LocalEndpoint = IPv4Endpoint.FromIPEndPoint((System.Net.IPEndPoint)_socket.LocalEndPoint!);
            _defaultTtl = _ttl = _socket.Ttl;
            _receiveBufferOctets = _socket.ReceiveBufferSize / (OperatingSystem.IsLinux() ? 2 : 1); // socket(7): Linux tells twice the size
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        Completion = BeginReceiving(Interlocked.Increment(ref _threads) <= MaxThreads && hasThread is not false);
    }

    public IPv4Endpoint LocalEndpoint { get; }

    public TransportFacts Facts => new(TeredoDatapath.Sockets, null, 0, _receiveBufferOctets);

    public Task Completion { get; }

    public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
    {
        try
        {
            lock (_sending)
            {
                if (_isClosed)
                    return;
                short wanted = ttl == 0 ? _defaultTtl : ttl;
                if (wanted != _ttl)
                    _socket.Ttl = _ttl = wanted;
                _socket.SendTo(payload, SocketFlags.None, _target.Set(target));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Log.SendFailed(_log, target, e.Message); // for example, no route or a full buffer: the datagram is lost
        }
    }

    public void Dispose()
    {
        lock (_sending)
        {
            if (_isClosed)
                return;
            _isClosed = true;
        }
        _closed.Cancel();
        _closed.Dispose();
        _socket.Dispose();
    }

    internal static void Configure(Socket socket, bool isShard = false)
    {
        const int socketLevel = 1, reusePort = 15; // of Linux
        if (isShard)
            socket.SetRawSocketOption(socketLevel, reusePort, BitConverter.GetBytes(1));
        socket.ReceiveBufferSize = socket.SendBufferSize = BufferOctets;
        if (OperatingSystem.IsLinux())
            ForceBuffers(socket);
        if (OperatingSystem.IsWindows())
        {
            socket.ExclusiveAddressUse = true; // otherwise another process could take over the port
            socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null); // otherwise an ICMP error makes the next receive fail
        }
        try
        {
            socket.DontFragment = false; // Linux: IP_MTU_DISCOVER = dont, so that large packets are fragmented instead of lost
        }
        catch (SocketException)
        {
            // A system without the option fragments anyway.
        }
    }

    // socket(7): with CAP_NET_ADMIN the limits net.core.rmem_max and wmem_max do not count.
    static void ForceBuffers(Socket socket)
    {
        const int socketLevel = 1, sendBufferForce = 32, receiveBufferForce = 33;
        try
        {
            socket.SetRawSocketOption(socketLevel, receiveBufferForce, BitConverter.GetBytes(BufferOctets));
            socket.SetRawSocketOption(socketLevel, sendBufferForce, BitConverter.GetBytes(BufferOctets));
        }
        catch (SocketException)
        {
            // Without the capability the buffers are what the system gives.
        }
    }

    Task BeginReceiving(bool hasThread)
    {
        try
        {
            if (hasThread)
                return Task.Factory.StartNew(() => ReceiveAsync(waits: true), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        }
        catch (TaskSchedulerException)
        {
            // The process may not have another thread: those of the pool serve as well.
        }
        return Task.Run(() => ReceiveAsync(waits: false));
    }

    async Task ReceiveAsync(bool waits)
    {
        try
        {
            await ReceiveAllAsync(waits).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _threads);
        }
    }

    async Task ReceiveAllAsync(bool waits)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(ushort.MaxValue, pinned: true);
        var source = new SocketAddress4();
        for (int errors = 0, taken = 0; !_closing.IsCancellationRequested;)
        {
            try
            {
                if (!waits && ++taken % DatagramsPerTurn == 0) // under a flood each receive completes at once
                    await Task.Yield();
                int length = waits ? _socket.ReceiveFrom(buffer, SocketFlags.None, source.Value)
                    : await _socket.ReceiveFromAsync(buffer, SocketFlags.None, source.Value, _closing).ConfigureAwait(false);
                errors = 0;
                _handler.Take(source.Get(), buffer.AsSpan(0, length));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) // errors such as those caused by ICMP never end the loop
            {
                if (_closing.IsCancellationRequested)
                    return;
                Log.ReceiveFailed(_log, e.Message);
                if (++errors % MaxErrorsInARow != 0)
                    continue;
                if (waits)
                    Task.Delay(ErrorPause, _closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
                else
                    await Task.Delay(ErrorPause, _closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) // a defect of ours: it costs one datagram, but receiving goes on
            {
                Log.EngineFault(_log, e);
            }
        }
    }

    /// <summary>A sockaddr_in that is reused for every call.</summary>
    sealed class SocketAddress4
    {
        // family 16 | port 16, network order | address 32, network order
        public System.Net.SocketAddress Value { get; } = new(AddressFamily.InterNetwork, 16);

        public System.Net.SocketAddress Set(IPv4Endpoint endpoint)
        {
            BinaryPrimitives.WriteUInt16BigEndian(Value.Buffer.Span[2..], endpoint.Port);
            endpoint.Address.Write(Value.Buffer.Span[4..]);
            return Value;
        }

        public IPv4Endpoint Get() => new(IPv4Address.Read(Value.Buffer.Span[4..]), BinaryPrimitives.ReadUInt16BigEndian(Value.Buffer.Span[2..]));
    }
}
