using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine.Linux;

/// <summary>Sends single datagrams and batches through a socket. A failure is a lost datagram. Safe for any number of threads.</summary>
[SupportedOSPlatform("linux")]
sealed unsafe class MessageSender(SafeHandle socket, bool hasSegments, ILogger log) : IDisposable
{
    const int MaxDatagramOctets = 65507;   // what an IPv4 packet holds
    const int MessagesAtOnce = 256;
    const int MaxSegments = 64;            // UDP_MAX_SEGMENTS of the kernel; 128 since Linux 6.9
    const int ControlOctets = 24;          // CMSG_SPACE of an integer

    const string NoChecksums = "The network device computes no checksums, so the kernel does not cut messages into datagrams on it (EIO).";

    readonly Lock _gate = new(); // held while a batch is sent; the memory below belongs to it
    byte* _memory;
    int _count;
    ushort _segmentSize; // of the last message
    bool _isDisposed;

    /// <summary>Whether the kernel cuts a long message into datagrams.</summary>
    public bool HasSegments { get; private set; } = hasSegments;

    /// <summary>Why the kernel no longer cuts messages, or null.</summary>
    public string? Problem { get; private set; }

    Libc.MMsgHdr* Messages => (Libc.MMsgHdr*)_memory;

    Libc.SocketAddress4* Targets => (Libc.SocketAddress4*)(Messages + MessagesAtOnce);

    byte* Controls => (byte*)(Targets + MessagesAtOnce);

    public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
    {
        var address = AddressOf(target);
        byte* control = stackalloc byte[ControlOctets];
        fixed (byte* octets = payload)
        {
            var vector = new Libc.IoVec { Base = octets, Length = (nuint)payload.Length };
            var message = new Libc.MsgHdr { Name = &address, NameLength = (uint)sizeof(Libc.SocketAddress4), Vectors = &vector, VectorCount = 1 };
            if (ttl != 0)
                SetControl(ref message, control, Libc.SOL_IP, Libc.IP_TTL, ttl);
            while (Libc.SendMessage(socket, &message, Libc.MSG_NOSIGNAL) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Libc.EINTR)
                    continue;
                Tell(target, errno); // for example, no route or a full buffer
                return;
            }
        }
    }

    /// <summary>Sends groups of a batch. All of them go through this socket.</summary>
    public void Send(DatagramBatch batch, int firstGroup, int groupCount)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            if (_memory is null)
                _memory = (byte*)NativeMemory.Alloc((nuint)(MessagesAtOnce * (sizeof(Libc.MMsgHdr) + sizeof(Libc.SocketAddress4) + ControlOctets)));
            _count = 0;
            foreach (ref var group in batch.Groups.Slice(firstGroup, groupCount))
                Add(batch, group);
            Flush();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            NativeMemory.Free(_memory);
            _memory = null;
        }
    }

    // Adds the datagrams of a group, which go to one target; all but the last have the same length. They may continue the message before.
    void Add(DatagramBatch batch, in DatagramBatch.Group group)
    {
        for (int at = group.First, end = group.First + group.Count; at < end;)
        {
            int joined = Join(batch, group, at, end - at);
            if (joined == 0)
                AddMessage(batch, group, at, joined = Math.Min(end - at, MostOf(group.SegmentSize)));
            at += joined;
        }
    }

    // How many datagrams of a length one message takes.
    int MostOf(int segmentSize) => HasSegments ? Math.Clamp(MaxDatagramOctets / segmentSize, 1, MaxSegments) : 1;

    // Adds datagrams to the last message, if they continue it: all datagrams of a message have the same length; only the last may be shorter.
    int Join(DatagramBatch batch, in DatagramBatch.Group group, int next, int count)
    {
        if (!HasSegments || _count == 0)
            return 0;
        ref var message = ref Messages[_count - 1].Header;
        if ((Piece*)message.Vectors + message.VectorCount != batch.Pieces + 2 * next || EndpointOf(Targets[_count - 1]) != group.Target
            || batch.LengthOf(next - 1) != _segmentSize || batch.LengthOf(next) > _segmentSize)
            return 0;
        int room = MostOf(_segmentSize) - (int)message.VectorCount / 2;
        int joined = Math.Min(room, group.SegmentSize == _segmentSize ? count : 1); // none when the message is full
        message.VectorCount += 2 * (nuint)joined;
        SetControl(ref message, Controls + (_count - 1) * ControlOctets, Libc.SOL_UDP, Libc.UDP_SEGMENT, _segmentSize);
        return joined;
    }

    void AddMessage(DatagramBatch batch, in DatagramBatch.Group group, int first, int count)
    {
        if (_count == MessagesAtOnce)
            Flush();
        Targets[_count] = AddressOf(group.Target);
        _segmentSize = (ushort)batch.LengthOf(first);
        var message = new Libc.MsgHdr
        {
            Name = Targets + _count,
            NameLength = (uint)sizeof(Libc.SocketAddress4),
            Vectors = (Libc.IoVec*)(batch.Pieces + 2 * first),
            VectorCount = 2 * (nuint)count,
        };
        if (count > 1)
            SetControl(ref message, Controls + _count * ControlOctets, Libc.SOL_UDP, Libc.UDP_SEGMENT, _segmentSize);
        Messages[_count++].Header = message;
    }

    void Flush()
    {
        for (int at = 0; at < _count;)
        {
            int sent = Libc.SendMessages(socket, Messages + at, (uint)(_count - at), Libc.MSG_NOSIGNAL);
            if (sent > 0)
            {
                at += sent;
                continue;
            }
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EINTR)
                continue;
            ref var failed = ref Messages[at++].Header;
            if (failed.ControlLength > 0)
                SendPlain(failed, errno);
            else
                Tell(EndpointOf(*(Libc.SocketAddress4*)failed.Name), errno);
        }
        _count = 0;
    }

    // The kernel refuses to cut a message when a datagram does not fit the path's MTU, and when the device computes no checksums (EIO).
    void SendPlain(in Libc.MsgHdr refused, int errno)
    {
        if (errno == Libc.EIO)
        {
            if (HasSegments)
                Log.DatapathRung(log, TeredoDatapath.Batches, NoChecksums);
            (HasSegments, Problem) = (false, NoChecksums);
        }
        var message = refused;
        message.Control = null;
        message.ControlLength = 0;
        message.VectorCount = 2;
        for (nuint i = 0; i < refused.VectorCount; i += 2)
        {
            message.Vectors = refused.Vectors + i;
            while (Libc.SendMessage(socket, &message, Libc.MSG_NOSIGNAL) < 0)
            {
                errno = Marshal.GetLastPInvokeError();
                if (errno == Libc.EINTR)
                    continue;
                Tell(EndpointOf(*(Libc.SocketAddress4*)message.Name), errno);
                break;
            }
        }
    }

    void Tell(IPv4Endpoint target, int errno)
    {
        if (log.IsEnabled(LogLevel.Debug))
            Log.SendFailed(log, target, new Win32Exception(errno).Message);
    }

    static void SetControl(ref Libc.MsgHdr message, byte* control, int level, int type, int value)
    {
        bool isShort = level == Libc.SOL_UDP; // UDP_SEGMENT takes 16 bits, IP_TTL an int
        var header = (Libc.CmsgHdr*)control;
        (header->Level, header->Type) = (level, type);
        header->Length = (nuint)(sizeof(Libc.CmsgHdr) + (isShort ? sizeof(ushort) : sizeof(int)));
        if (isShort)
            *(ushort*)(control + sizeof(Libc.CmsgHdr)) = (ushort)value;
        else
            *(int*)(control + sizeof(Libc.CmsgHdr)) = value;
        message.Control = control;
        message.ControlLength = ControlOctets;
    }

    static Libc.SocketAddress4 AddressOf(IPv4Endpoint endpoint) => new()
    {
        Family = Libc.AF_INET,
        Port = BinaryPrimitives.ReverseEndianness(endpoint.Port),
        Address = BinaryPrimitives.ReverseEndianness(endpoint.Address.Value),
    };

    static IPv4Endpoint EndpointOf(in Libc.SocketAddress4 address) =>
        new(new(BinaryPrimitives.ReverseEndianness(address.Address)), BinaryPrimitives.ReverseEndianness(address.Port));
}
