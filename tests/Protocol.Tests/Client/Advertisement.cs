using System.Buffers.Binary;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>How a scripted server answers a solicitation; each field that is set breaks one rule.</summary>
/// <remarks>Written octet by octet, not with the library's own writer, so that the two check each other.</remarks>
sealed record Advertisement
{
    /// <summary>The right answer.</summary>
    public static Advertisement Right { get; } = new();

    public IPv4Endpoint? OuterSource { get; init; }
    public ulong? Nonce { get; init; }
    public bool WithAuthentication { get; init; } = true;
    public bool WithOrigin { get; init; } = true;
    public IPv4Address? PrefixServer { get; init; }
    public uint PrefixTop { get; init; } = 0x2001_0000;
    public int PrefixCount { get; init; } = 1;
    public byte PrefixLength { get; init; } = 64;
    public IPv6Address? Destination { get; init; }
    public IPv6Address? RouterAddress { get; init; }
    public byte HopLimit { get; init; } = 255;
    public byte Type { get; init; } = 134;
    public byte Code { get; init; }
    public bool WrongChecksum { get; init; }
    public byte Confirmation { get; init; }
    public uint? Mtu { get; init; } = 1280;
    public byte[] ExtraOptions { get; init; } = [];

    /// <summary>Secure qualification; the client's own secret unless given.</summary>
    public TeredoSecret? Secret { get; init; }

    /// <summary>Leaves the authentication value out though the client has a secret.</summary>
    public bool WithoutSecret { get; init; }

    /// <summary>Flips the lowest bit of this octet of the datagram at the end.</summary>
    public int? FlipBitAt { get; init; }

    public byte[] ToPayload(SentDatagram solicitation, IPv4Endpoint mapped, IPv4Address primary, TeredoSecret? secret)
    {
        byte[] packet = Packet(solicitation.InnerSource, primary);
        byte[] origin = WithOrigin ? Build.WithOrigin(mapped, []) : [];
        byte[] payload = [.. Header(solicitation, origin, packet, WithoutSecret ? null : Secret ?? secret), .. origin, .. packet];
        if (FlipBitAt is { } at)
            payload[at] ^= 1;
        return payload;
    }

    byte[] Header(SentDatagram solicitation, byte[] origin, byte[] packet, TeredoSecret? secret)
    {
        if (!WithAuthentication)
            return [];
        ulong nonce = Nonce ?? solicitation.AuthenticationNonce ?? 0;
        byte[] header = new byte[512];
        int size = secret is null
            ? Authentication.Write(header, nonce, Confirmation)
            : Authentication.Write(header, nonce, Confirmation, secret.ClientIdentifier.Span, secret.Algorithm, secret.Secret.Span, origin, packet);
        return header[..size];
    }

    byte[] Packet(IPv6Address solicitor, IPv4Address primary)
    {
        var server = PrefixServer ?? primary;
        byte[] message = [Type, Code, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xD0];
        for (int i = 0; i < PrefixCount; i++)
            message = [.. message, .. Prefix(server)];
        if (Mtu is { } mtu)
            message = [.. message, 5, 1, 0, 0, (byte)(mtu >> 24), (byte)(mtu >> 16), (byte)(mtu >> 8), (byte)mtu];
        message = [.. message, .. ExtraOptions];
        byte[] packet = new byte[40 + message.Length];
        var source = RouterAddress ?? TeredoLinkLocal.Server(primary);
        var destination = Destination ?? solicitor;
        IPv6Packet.WriteHeader(packet, message.Length, NextHeader.Icmpv6, HopLimit, source, destination);
        ushort checksum = InternetChecksum.Compute(source, destination, NextHeader.Icmpv6, message);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)(WrongChecksum ? checksum ^ 1 : checksum));
        message.CopyTo(packet, 40);
        return packet;
    }

    byte[] Prefix(IPv4Address server)
    {
        byte[] option = new byte[32];
        option[0] = 3;
        option[1] = 4;
        option[2] = PrefixLength;
        option[3] = 0x40;
        option.AsSpan(4, 8).Fill(0xFF);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(16), PrefixTop);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(20), server.Value);
        return option;
    }
}
