using System.Buffers.Binary;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>Datagrams and their senders in a ring of octets. It grows as needed. Not thread-safe.</summary>
/// <remarks>
/// For each datagram there is the sender's address and port, the length, and the payload. While the ring is empty, the garbage collector may take its
/// memory; so an idle socket costs little, and a busy one allocates nothing.
/// </remarks>
struct DatagramRing()
{
    const int DefaultCapacityOctets = 1 << 20; // about 800 datagrams of the largest size
    const int MinCapacityOctets = 2048;        // any datagram fits
    const int FirstOctets = 16 * 1024;
    const int PortAt = IPv6Address.Size, LengthAt = PortAt + sizeof(ushort), HeadOctets = LengthAt + sizeof(ushort);

    byte[] _ring = [];
    WeakReference<byte[]>? _spare; // the memory of the empty ring
    int _first, _used, _capacity = DefaultCapacityOctets;

    public readonly bool IsEmpty => _used == 0;

    /// <summary>How many octets the datagrams may take together; each takes 20 octets beside its payload.</summary>
    public int CapacityOctets
    {
        readonly get => _capacity;
        set => _capacity = Math.Max(value, MinCapacityOctets);
    }

    /// <summary>The length of the next datagram in octets; 0 when there is none.</summary>
    public readonly int NextOctets => IsEmpty ? 0 : Peek(out _);

    /// <returns>False when there is no room.</returns>
    public bool TryAdd(RemotePort remote, ReadOnlySpan<byte> datagram)
    {
        int needed = HeadOctets + datagram.Length;
        if (needed > _capacity - _used)
            return false;
        if (needed > _ring.Length - _used)
            Grow(_used + needed);
        Span<byte> head = stackalloc byte[HeadOctets];
        remote.Address.Write(head);
        BinaryPrimitives.WriteUInt16BigEndian(head[PortAt..], remote.Port);
        BinaryPrimitives.WriteUInt16BigEndian(head[LengthAt..], (ushort)datagram.Length);
        Write(head);
        Write(datagram);
        return true;
    }

    /// <summary>Takes the next datagram. There must be one.</summary>
    /// <returns>The number of octets in the buffer; what did not fit is cut off.</returns>
    public int Take(Span<byte> buffer, out RemotePort remote)
    {
        int whole = Peek(out remote), length = Math.Min(whole, buffer.Length);
        Read(buffer[..length], HeadOctets);
        _first = (_first + HeadOctets + whole) % _ring.Length;
        _used -= HeadOctets + whole;
        if (_used == 0)
            Clear();
        return length;
    }

    public void Clear()
    {
        if (_ring.Length > 0)
            (_spare ??= new(_ring)).SetTarget(_ring);
        (_ring, _first, _used) = ([], 0, 0);
    }

    readonly int Peek(out RemotePort remote)
    {
        Span<byte> head = stackalloc byte[HeadOctets];
        Read(head, 0);
        remote = new(IPv6Address.Read(head), BinaryPrimitives.ReadUInt16BigEndian(head[PortAt..]));
        return BinaryPrimitives.ReadUInt16BigEndian(head[LengthAt..]);
    }

    readonly void Read(Span<byte> octets, int offset)
    {
        int at = (_first + offset) % _ring.Length, straight = Math.Min(octets.Length, _ring.Length - at);
        _ring.AsSpan(at, straight).CopyTo(octets);
        _ring.AsSpan(0, octets.Length - straight).CopyTo(octets[straight..]);
    }

    void Write(ReadOnlySpan<byte> octets)
    {
        int at = (_first + _used) % _ring.Length, straight = Math.Min(octets.Length, _ring.Length - at);
        octets[..straight].CopyTo(_ring.AsSpan(at));
        octets[straight..].CopyTo(_ring);
        _used += octets.Length;
    }

    void Grow(int needed)
    {
        if (_spare is null || !_spare.TryGetTarget(out byte[]? ring) || ring.Length < needed)
            ring = GC.AllocateUninitializedArray<byte>(Math.Max(FirstOctets, Math.Max(needed, 2 * _ring.Length)));
        if (_used > 0)
            Read(ring.AsSpan(0, _used), 0);
        (_ring, _first) = (ring, 0);
    }
}
