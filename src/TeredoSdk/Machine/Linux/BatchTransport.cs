using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine.Linux;

/// <summary>A UDP transport that takes and sends many datagrams in one system call: recvmmsg, sendmmsg and, if the kernel has them, UDP_GRO and
/// UDP_SEGMENT.</summary>
/// <remarks>A thread of <see cref="ReadLoop"/> receives. Native memory holds what comes in. Safe for any number of threads.</remarks>
[SupportedOSPlatform("linux")]
sealed unsafe class BatchTransport : IUdpTransport, IReadable
{
    readonly Socket _socket;
    readonly DatagramHandler _handler;
    readonly ILogger _log;
    readonly MessageReceiver _receiver;
    readonly MessageSender _sender;
    readonly ReadLoop.Registration _registration;
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly int _receiveBufferOctets;
    int _isClosed;

    /// <param name="local">The address and port to bind to.</param>
    /// <param name="segments">Whether UDP_GRO and UDP_SEGMENT are used.</param>
    /// <param name="handler">Takes what comes in.</param>
    /// <param name="log">The log.</param>
    /// <param name="isShard">Whether others bind to the same port.</param>
    /// <exception cref="SocketException">The socket can't be bound, or the process has no descriptor left.</exception>
    public BatchTransport(IPv4Endpoint local, bool segments, DatagramHandler handler, ILogger log, bool isShard = false)
    {
        (_handler, _log) = (handler, log);
        _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            SocketTransport.Configure(_socket, isShard);
            _socket.SetRawSocketOption(Libc.SOL_SOCKET, Libc.SO_RXQ_OVFL, One);
            if (segments)
                SegmentsProblem = Enable(_socket);
            _socket.Bind(local.ToIPEndPoint());
            LocalEndpoint = IPv4Endpoint.FromIPEndPoint((System.Net.IPEndPoint)_socket.LocalEndPoint!);
            _receiveBufferOctets = _socket.ReceiveBufferSize / 2; // socket(7): Linux tells twice the size
            bool hasSegments = segments && SegmentsProblem is null;
            _receiver = new(_socket.SafeHandle, hasSegments);
            _sender = new(_socket.SafeHandle, hasSegments, log);
            _registration = ReadLoop.Add(_socket.SafeHandle, this);
        }
        catch (Exception e)
        {
            _socket.Dispose();
            _receiver?.Dispose();
            _sender?.Dispose();
            if (e is Win32Exception and not SocketException)
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            throw;
        }
    }

    static ReadOnlySpan<byte> One => [1, 0, 0, 0];

    public IPv4Endpoint LocalEndpoint { get; }

    /// <summary>Why this kernel has no UDP_GRO or UDP_SEGMENT; null when it has them, or when they are not wanted.</summary>
    public string? SegmentsProblem { get; }

    public TransportFacts Facts => new(_sender.HasSegments ? TeredoDatapath.Segments : TeredoDatapath.Batches, SegmentsProblem ?? _sender.Problem, _receiver.Lost,
        _receiveBufferOctets);

    public Task Completion => _completion.Task;

    public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
    {
        try
        {
            _sender.Send(target, payload, ttl);
        }
        catch (ObjectDisposedException)
        {
            // The socket is closed, and the datagram is lost.
        }
    }

    public void Send(DatagramBatch batch, int firstGroup, int groupCount)
    {
        try
        {
            _sender.Send(batch, firstGroup, groupCount);
        }
        catch (ObjectDisposedException)
        {
            // As above.
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _registration.Dispose();
        _socket.Dispose();
    }

    bool IReadable.Read()
    {
        try
        {
            return _registration is not null && _receiver.Receive(_handler, _log); // null before the constructor has ended: the loop comes again at once
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        catch (Exception e) // a defect of ours: it costs one burst, but receiving goes on
        {
            Log.EngineFault(_log, e);
            return false;
        }
    }

    void IReadable.Ended()
    {
        _receiver.Dispose();
        _sender.Dispose();
        _completion.TrySetResult();
    }

    // Linux 4.18 has UDP_SEGMENT, and 5.0 UDP_GRO.
    static string? Enable(Socket socket)
    {
        try
        {
            Span<byte> size = stackalloc byte[sizeof(int)];
            socket.GetRawSocketOption(Libc.SOL_UDP, Libc.UDP_SEGMENT, size);
            socket.SetRawSocketOption(Libc.SOL_UDP, Libc.UDP_GRO, One);
            return null;
        }
        catch (SocketException e)
        {
            return $"The kernel has no segmentation of UDP datagrams ({e.Message}); Linux 5.0 or later has.";
        }
    }
}

/// <summary>Receives bursts of datagrams from a socket. Used by one thread.</summary>
[SupportedOSPlatform("linux")]
sealed unsafe class MessageReceiver : IDisposable
{
    const int SegmentedSlots = 8, SegmentedOctets = 65536;  // a train of datagrams that the kernel joined fits an IPv4 packet
    const int Slots = 64, SlotOctets = 2048;                // the longest datagram of Teredo is far shorter
    const int ControlOctets = 64;                           // two messages of 24 octets
    const int MaxErrorsInARow = 16;

    readonly SafeHandle _socket;
    readonly int _slots, _slotOctets;
    readonly DatagramRun[] _runs;
    byte* _memory;
    uint _lost;
    int _errors;

    public MessageReceiver(SafeHandle socket, bool hasSegments)
    {
        _socket = socket;
        (_slots, _slotOctets) = hasSegments ? (SegmentedSlots, SegmentedOctets) : (Slots, SlotOctets);
        _runs = new DatagramRun[_slots];
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)(_slots * (PerSlot + _slotOctets)));
        for (int i = 0; i < _slots; i++)
        {
            Vectors[i] = new() { Base = Buffers + i * _slotOctets, Length = (nuint)_slotOctets };
            Messages[i].Header = new() { Name = Sources + i, Vectors = Vectors + i, VectorCount = 1, Control = Controls + i * ControlOctets };
        }
    }

    /// <summary>How many datagrams the kernel dropped, because the socket's buffer was full.</summary>
    public long Lost => Volatile.Read(ref _lost);

    static int PerSlot => sizeof(Libc.MMsgHdr) + sizeof(Libc.IoVec) + sizeof(Libc.SocketAddress4) + ControlOctets;

    Libc.MMsgHdr* Messages => (Libc.MMsgHdr*)_memory;

    Libc.IoVec* Vectors => (Libc.IoVec*)(Messages + _slots);

    Libc.SocketAddress4* Sources => (Libc.SocketAddress4*)(Vectors + _slots);

    byte* Controls => (byte*)(Sources + _slots);

    byte* Buffers => Controls + _slots * ControlOctets;

    /// <summary>Takes one burst, if there is one.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Receive(DatagramHandler handler, ILogger log)
    {
        for (int i = 0; i < _slots; i++)
        {
            Messages[i].Header.NameLength = (uint)sizeof(Libc.SocketAddress4);
            Messages[i].Header.ControlLength = ControlOctets;
        }
        int count = Libc.ReceiveMessages(_socket, Messages, (uint)_slots, Libc.MSG_DONTWAIT, null);
        if (count <= 0)
        {
            int errno = count == 0 ? Libc.EAGAIN : Marshal.GetLastPInvokeError();
            if (errno is Libc.EAGAIN or Libc.EINTR)
                return false;
            Log.ReceiveFailed(log, new Win32Exception(errno).Message); // errors such as those caused by ICMP never end the loop
            return ++_errors % MaxErrorsInARow != 0;
        }
        for (int i = 0; i < count; i++)
            _runs[i] = Describe(i);
        handler(new(Buffers, _slots * _slotOctets), _runs.AsSpan(0, count));
        return count == _slots;
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }

    DatagramRun Describe(int index)
    {
        ref var message = ref Messages[index];
        var source = Sources[index];
        int length = (int)message.Length, segment = length;
        var at = (byte*)message.Header.Control;
        var end = at + message.Header.ControlLength;
        while (at + sizeof(Libc.CmsgHdr) + sizeof(int) <= end)
        {
            var control = (Libc.CmsgHdr*)at;
            int value = *(int*)(at + sizeof(Libc.CmsgHdr));
            if (control->Level == Libc.SOL_UDP && control->Type == Libc.UDP_GRO)
                segment = value;
            else if (control->Level == Libc.SOL_SOCKET && control->Type == Libc.SO_RXQ_OVFL)
                Volatile.Write(ref _lost, (uint)value);
            if (control->Length < (nuint)sizeof(Libc.CmsgHdr))
                break;
            at += (control->Length + 7) & ~(nuint)7; // CMSG_ALIGN
        }
        return new(new(new(BinaryPrimitives.ReverseEndianness(source.Address)), BinaryPrimitives.ReverseEndianness(source.Port)),
            index * _slotOctets, length, Math.Max(Math.Min(segment, length), 1));
    }
}
