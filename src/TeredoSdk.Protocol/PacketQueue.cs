using System.Buffers;

namespace TeredoSdk.Protocol;

/// <summary>Datagrams or packets that wait for the driver, first in, first out. Buffers are rented, so steady use does not allocate.</summary>
sealed class PacketQueue
{
    readonly record struct Entry(byte[] Buffer, Transmit Transmit);

    readonly Queue<Entry> _entries = new();

    public int Count => _entries.Count;

    /// <summary>Adds a copy of the octets.</summary>
    public void Add(ReadOnlySpan<byte> octets, LocalPort via, IPv4Endpoint target, byte ttl = 0) =>
        octets.CopyTo(Reserve(octets.Length, via, target, ttl));

    /// <summary>Adds an entry and returns its memory, which the caller must fill at once.</summary>
    public Span<byte> Reserve(int length, LocalPort via = default, IPv4Endpoint target = default, byte ttl = 0)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        _entries.Enqueue(new(buffer, new() { Length = length, Via = via, Target = target, Ttl = ttl }));
        return buffer.AsSpan(0, length);
    }

    /// <exception cref="ArgumentException">The buffer is too short; the entry stays in the queue.</exception>
    public bool TryTake(Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (!_entries.TryPeek(out var entry))
            return false;
        if (buffer.Length < entry.Transmit.Length)
            throw new ArgumentException($"The buffer has {buffer.Length} octets; the packet needs {entry.Transmit.Length}.", nameof(buffer));
        _entries.Dequeue();
        transmit = entry.Transmit;
        entry.Buffer.AsSpan(0, transmit.Length).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(entry.Buffer);
        return true;
    }
}
