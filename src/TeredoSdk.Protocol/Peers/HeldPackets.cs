using System.Buffers;

namespace TeredoSdk.Protocol.Peers;

/// <summary>How much all peers of one core may hold together, in octets.</summary>
sealed class HoldBudget(int maxOctets = HoldBudget.WholeOctets)
{
    public const int WholeOctets = 1 << 20; // 1 MiB; not in the RFC

    public int Octets { get; set; }

    public bool HasRoom(int octets) => Octets + octets <= maxOctets;
}

/// <summary>
/// Packets of one peer that wait until the peer is trusted, first in, first out (RFC 4380 §5.2.4; the limit is a SHOULD of §5.4.1).
/// </summary>
sealed class HeldPackets(HoldBudget budget)
{
    public const int MaxPackets = 4;
    public const int MaxOctets = 5120;
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(8);

    readonly record struct Entry(byte[] Buffer, int Length, Instant Since, IPv4Endpoint Source);

    readonly Queue<Entry> _entries = new();
    int _octets;

    public int Count => _entries.Count;

    /// <summary>When the oldest packet expires; null when there is no packet.</summary>
    public Instant? ExpiresAt => _entries.TryPeek(out var oldest) ? oldest.Since + MaxAge : null;

    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet; it is copied.</param>
    /// <param name="source">The outer source of a packet that came in; default for a packet that goes out.</param>
    /// <returns>False when there is no room for the packet.</returns>
    public bool TryAdd(Instant now, ReadOnlySpan<byte> packet, IPv4Endpoint source = default)
    {
        if (_entries.Count >= MaxPackets || _octets + packet.Length > MaxOctets || !budget.HasRoom(packet.Length))
            return false;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(packet.Length);
        packet.CopyTo(buffer);
        _entries.Enqueue(new(buffer, packet.Length, now, source));
        _octets += packet.Length;
        budget.Octets += packet.Length;
        return true;
    }

    /// <summary>Returns the oldest packet. It is valid until another method is called.</summary>
    public bool TryPeek(out ReadOnlySpan<byte> packet, out IPv4Endpoint source)
    {
        bool found = _entries.TryPeek(out var entry);
        packet = found ? entry.Buffer.AsSpan(0, entry.Length) : default;
        source = entry.Source;
        return found;
    }

    /// <summary>Removes the oldest packet.</summary>
    public void Pop()
    {
        var entry = _entries.Dequeue();
        _octets -= entry.Length;
        budget.Octets -= entry.Length;
        ArrayPool<byte>.Shared.Return(entry.Buffer);
    }

    public void Clear()
    {
        while (_entries.Count > 0)
            Pop();
    }
}
