using System.Buffers.Binary;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>NAT-PMP's requests and answers.</summary>
/// <remarks>Source: RFC 6886 §3.2, §3.3, §3.5.</remarks>
readonly record struct NatPmpAnswer : IGatewayAnswer
{
    public const byte AddressOpcode = 0, MapUdpOpcode = 1;

    const int HeaderSize = 8, AddressSize = 12, MapSize = 16, MapRequestSize = 12;
    const byte Version = 0, IsAnswer = 0x80;

    /// <summary>The result code; 0 means success.</summary>
    public ushort Result { get; private init; }

    /// <summary>Seconds since the gateway's tables were last empty.</summary>
    public uint Epoch { get; private init; }

    /// <summary>The external address, in an answer to the address request.</summary>
    public IPv4Address Address { get; private init; }

    /// <summary>The external port, in an answer to the map request.</summary>
    public ushort ExternalPort { get; private init; }

    /// <summary>How long the mapping lives, in seconds.</summary>
    public uint Lifetime { get; private init; }

    public bool IsHint => false; // NAT-PMP has nothing that would prove more than the source address does

    public string ResultName => Result switch
    {
        1 => "unsupported version",
        2 => "not authorised",
        3 => "network failure",
        4 => "out of resources",
        5 => "unsupported operation",
        _ => $"result {Result}",
    };

    // version 8 = 0 | opcode 8
    public static byte[] WriteAddressRequest() => [Version, AddressOpcode];

    // version 8 = 0 | opcode 8 | reserved 16 | internal port 16 | wanted external port 16 | lifetime 32; lifetime 0 removes the mapping
    public static byte[] WriteMapRequest(ushort internalPort, ushort externalPort, uint lifetime)
    {
        byte[] octets = new byte[MapRequestSize];
        octets[1] = MapUdpOpcode;
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(4), internalPort);
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(6), externalPort);
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(8), lifetime);
        return octets;
    }

    /// <summary>Reads the answer to the address request.</summary>
    /// <returns>Null when the datagram is not such an answer.</returns>
    public static NatPmpAnswer? ReadAddress(ReadOnlySpan<byte> octets)
    {
        var answer = ReadHeader(octets, AddressOpcode);
        if (answer is not { Result: 0 } header)
            return answer;
        return octets.Length < AddressSize ? null : header with { Address = IPv4Address.Read(octets[HeaderSize..]) };
    }

    /// <summary>Reads the answer to a map request for an internal port.</summary>
    /// <returns>Null when the datagram is not such an answer.</returns>
    public static NatPmpAnswer? ReadMap(ReadOnlySpan<byte> octets, ushort internalPort)
    {
        var answer = ReadHeader(octets, MapUdpOpcode);
        if (answer is not { Result: 0 } header)
            return answer;
        if (octets.Length < MapSize || BinaryPrimitives.ReadUInt16BigEndian(octets[8..]) != internalPort)
            return null;
        return header with
        {
            ExternalPort = BinaryPrimitives.ReadUInt16BigEndian(octets[10..]),
            Lifetime = BinaryPrimitives.ReadUInt32BigEndian(octets[12..]),
        };
    }

    // version 8 = 0 | 128 + opcode 8 | result 16 | epoch 32; an error has no more than this
    static NatPmpAnswer? ReadHeader(ReadOnlySpan<byte> octets, byte opcode) =>
        octets.Length < HeaderSize || octets[0] != Version || octets[1] != (IsAnswer | opcode) ? null : new()
        {
            Result = BinaryPrimitives.ReadUInt16BigEndian(octets[2..]),
            Epoch = BinaryPrimitives.ReadUInt32BigEndian(octets[4..]),
        };
}
