using System.Buffers.Binary;
using System.Text;

namespace GameServer.Game;

/// <summary>What a datagram is. Each begins with <see cref="Wire.Magic"/> and its kind.</summary>
enum Kind : byte
{
    /// <summary>Client: nonce 8, and zeros up to <see cref="Wire.HelloSize"/>, so that the answer is no larger than the question.</summary>
    Hello = 1,

    /// <summary>Server: nonce 8, cookie 20.</summary>
    Cookie,

    /// <summary>Client: nonce 8, cookie 20, key of a session to go on with 8 (or 0), name.</summary>
    Join,

    /// <summary>Server: nonce 8, key 8, number of the player 1.</summary>
    Welcome,

    /// <summary>Server: nonce or key 8, reason 1.</summary>
    Refused,

    /// <summary>Client: key 8, newest snapshot 4, milliseconds since it came 1, which of the 32 before it came 4, number of the first input 4, inputs.</summary>
    Input,

    /// <summary>Server: key 8, tick 4, tick of the baseline 4, last input 4, a player's number 1 and name (length 1), delta.</summary>
    Snapshot,

    /// <summary>Client: key 8.</summary>
    Bye,
}

/// <summary>Why a player is not, or no longer, in the game.</summary>
enum Refusal : byte
{
    None,
    Full,
    Kicked,
    Banned,
    Closed,
}

static class Wire
{
    public const uint Magic = 0x5447_5331; // "TGS1"

    /// <summary>The largest datagram over Teredo: the MTU of 1280 less the headers of IPv6 and UDP.</summary>
    public const int MaxDatagram = 1232;

    public const int HelloSize = 40;
    public const int MaxName = 16;

    /// <summary>How many inputs a datagram repeats at most: all that are not acknowledged, so that a lost datagram loses nothing.</summary>
    public const int MaxInputs = 24;

    /// <summary>A name that harms no terminal and no page.</summary>
    public static string CleanName(ReadOnlySpan<byte> octets)
    {
        string name = string.Concat(Encoding.UTF8.GetString(octets[..Math.Min(octets.Length, MaxName)]).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
        return name.Length > 0 ? name : "nobody";
    }
}

/// <summary>Writes a datagram. Who writes looks at <see cref="Room"/> where a datagram may get full.</summary>
ref struct Writer
{
    readonly Span<byte> _buffer;
    int _length;

    public Writer(Span<byte> buffer, Kind kind, ulong key)
    {
        _buffer = buffer[..Math.Min(buffer.Length, Wire.MaxDatagram)];
        UInt32(Wire.Magic);
        Byte((byte)kind);
        UInt64(key);
    }

    public readonly int Room => _buffer.Length - _length;

    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    public void Byte(byte value) => Take(1)[0] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    public void Octets(scoped ReadOnlySpan<byte> octets) => octets.CopyTo(Take(octets.Length));

    public void Name(string name)
    {
        Span<byte> octets = stackalloc byte[Wire.MaxName];
        int length = Encoding.ASCII.GetBytes(name, octets);
        Byte((byte)length);
        Octets(octets[..length]);
    }

    Span<byte> Take(int octets)
    {
        var taken = _buffer.Slice(_length, octets);
        _length += octets;
        return taken;
    }
}

/// <summary>Reads a datagram of a stranger: past its end there are zeros, and <see cref="HasFailed"/> says so.</summary>
ref struct Reader(ReadOnlySpan<byte> datagram)
{
    ReadOnlySpan<byte> _rest = datagram;

    public bool HasFailed { get; private set; }

    public readonly int Rest => _rest.Length;

    public byte Byte() => Take(1) is { Length: 1 } octets ? octets[0] : (byte)0;

    public ushort UInt16() => Take(2) is { Length: 2 } octets ? BinaryPrimitives.ReadUInt16BigEndian(octets) : (ushort)0;

    public uint UInt32() => Take(4) is { Length: 4 } octets ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;

    public ulong UInt64() => Take(8) is { Length: 8 } octets ? BinaryPrimitives.ReadUInt64BigEndian(octets) : 0;

    /// <summary>The next octets, or none when there are fewer.</summary>
    public ReadOnlySpan<byte> Take(int octets)
    {
        HasFailed |= octets > _rest.Length;
        if (HasFailed)
            _rest = default;
        var taken = HasFailed ? default : _rest[..octets];
        _rest = _rest[taken.Length..];
        return taken;
    }
}
