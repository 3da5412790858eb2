using System.Buffers.Binary;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>PCP's requests and answers.</summary>
/// <remarks>Source: RFC 6887 §7, §11.1, §14.1.</remarks>
readonly record struct PcpAnswer : IGatewayAnswer
{
    public const int NonceSize = 12;

    const int NatPmpHeaderSize = 8, HeaderSize = 24, MapSize = 60, MaxSize = 1100, ProtocolAt = 36;
    const byte Version = 2, AnnounceOpcode = 0, MapOpcode = 1, IsAnswer = 0x80, Udp = 17;
    const byte UnsupportedVersionResult = 1, UnsupportedOperationResult = 4;

    /// <summary>The result code; 0 means success.</summary>
    public byte Result { get; private init; }

    /// <summary>Whether it is a refusal in the form of NAT-PMP, which carries no nonce. It allows us to try NAT-PMP, and nothing else.</summary>
    public bool IsHint { get; private init; }

    /// <summary>Whether the gateway does not know what it was asked, so that NAT-PMP may be what it knows (RFC 6887 §9).</summary>
    public bool IsUnsupported => Result is UnsupportedVersionResult or UnsupportedOperationResult;

    /// <summary>Seconds since the gateway's tables were last empty (RFC 6887 §8.5).</summary>
    public uint Epoch { get; private init; }

    /// <summary>How long the mapping, or the error, stays valid, in seconds.</summary>
    public uint Lifetime { get; private init; }

    /// <summary>The external endpoint.</summary>
    public IPv4Endpoint External { get; private init; }

    public string ResultName => Result switch
    {
        1 => "unsupported version",
        2 => "not authorised",
        3 => "malformed request",
        4 => "unsupported operation",
        7 => "network failure",
        8 => "no resources",
        9 => "unsupported protocol",
        10 => "quota exceeded",
        11 => "cannot provide the external address",
        12 => "address mismatch: there is another NAT in between",
        13 => "too many remote peers",
        _ => $"result {Result}",
    };

    // version 8 = 2 | opcode 8 | reserved 16 | lifetime 32 | client's address 128
    // | nonce 96 | protocol 8 | reserved 24 | internal port 16 | wanted external port 16 | wanted external address 128; lifetime 0 removes the
    // mapping
    public static byte[] WriteMapRequest(ReadOnlySpan<byte> nonce, IPv4Endpoint local, IPv4Endpoint external, uint lifetime)
    {
        byte[] octets = new byte[MapSize];
        WriteHeader(octets, MapOpcode, local.Address, lifetime);
        nonce.CopyTo(octets.AsSpan(HeaderSize, NonceSize));
        octets[ProtocolAt] = Udp;
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(40), local.Port);
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(42), external.Port);
        WriteAddress(octets.AsSpan(44), external.Address); // ::ffff:0.0.0.0 means any IPv4 address
        return octets;
    }

    /// <summary>Writes a request that changes nothing; the answer carries the epoch (RFC 6887 §14.1.1).</summary>
    public static byte[] WriteAnnounceRequest(IPv4Address local)
    {
        byte[] octets = new byte[HeaderSize];
        WriteHeader(octets, AnnounceOpcode, local, 0);
        return octets;
    }

    /// <summary>Reads the answer to a map request.</summary>
    /// <returns>Null when the datagram is not such an answer.</returns>
    public static PcpAnswer? ReadMap(ReadOnlySpan<byte> octets, ReadOnlySpan<byte> nonce, ushort internalPort)
    {
        var answer = ReadHeader(octets, MapOpcode);
        if (answer is not { IsHint: false } header)
            return answer;
        if (octets.Length < MapSize || !octets.Slice(HeaderSize, NonceSize).SequenceEqual(nonce) || octets[ProtocolAt] != Udp
            || BinaryPrimitives.ReadUInt16BigEndian(octets[40..]) != internalPort)
            return null;
        if (header.Result != 0)
            return header;
        return TryReadAddress(octets[44..], out var address)
            ? header with { External = new(address, BinaryPrimitives.ReadUInt16BigEndian(octets[42..])) } : null;
    }

    /// <summary>Reads the answer to an announce request.</summary>
    /// <returns>Null when the datagram is not such an answer.</returns>
    public static PcpAnswer? ReadAnnounce(ReadOnlySpan<byte> octets) => ReadHeader(octets, AnnounceOpcode);

    // version 8 | 128 + opcode 8 | reserved 8 | result 8 | lifetime 32 | epoch 32 | reserved 96
    static PcpAnswer? ReadHeader(ReadOnlySpan<byte> octets, byte opcode)
    {
        if (octets.Length < NatPmpHeaderSize || (octets[1] & IsAnswer) == 0)
            return null;
        if (octets[0] == 0) // NAT-PMP's refusal has 8 octets, and a result of 16 bits (RFC 6886 §3.5, RFC 6887 appendix A)
            return octets[2] == 0 && octets[3] == UnsupportedVersionResult ? new PcpAnswer { Result = octets[3], IsHint = true } : null;
        if (octets[0] != Version)
            return null;
        if (octets.Length is < HeaderSize or > MaxSize || octets.Length % 4 != 0 || octets[1] != (IsAnswer | opcode))
            return null;
        return new()
        {
            Result = octets[3],
            Lifetime = BinaryPrimitives.ReadUInt32BigEndian(octets[4..]),
            Epoch = BinaryPrimitives.ReadUInt32BigEndian(octets[8..]),
        };
    }

    static void WriteHeader(Span<byte> octets, byte opcode, IPv4Address local, uint lifetime)
    {
        octets[0] = Version;
        octets[1] = opcode;
        BinaryPrimitives.WriteUInt32BigEndian(octets[4..], lifetime);
        WriteAddress(octets[8..], local);
    }

    // RFC 6887 §5: an IPv4 address is written as an IPv4-mapped IPv6 address.
    static void WriteAddress(Span<byte> octets, IPv4Address address)
    {
        octets[10] = octets[11] = 0xFF;
        address.Write(octets[12..]);
    }

    static bool TryReadAddress(ReadOnlySpan<byte> octets, out IPv4Address address)
    {
        bool isMapped = !octets[..10].ContainsAnyExcept((byte)0) && octets[10] == 0xFF && octets[11] == 0xFF;
        address = isMapped ? IPv4Address.Read(octets[12..]) : default;
        return isMapped;
    }
}
