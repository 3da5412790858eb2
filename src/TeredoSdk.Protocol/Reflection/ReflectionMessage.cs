using System.Buffers.Binary;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Reflection;

/// <summary>The messages of the check of reachability (docs/protocol §9.2). The number is the ICMPv6 code.</summary>
enum ReflectionKind : byte
{
    /// <summary>The client asks for a cookie.</summary>
    Ask,
    /// <summary>The client shows the cookie and orders a step.</summary>
    Order,
    /// <summary>The server's answer to <see cref="Ask"/>: the cookie, and the stranger's endpoint.</summary>
    Cookie,
    /// <summary>The server's answer to <see cref="Order"/>: the stranger was told to send.</summary>
    Granted,
    /// <summary>The stranger's packet: whoever receives it lets strangers in.</summary>
    Proof,
}

/// <summary>What the stranger does (docs/protocol §9.3).</summary>
enum ReflectionStep : byte
{
    /// <summary>Nothing yet.</summary>
    None,
    /// <summary>It sends a packet unasked. That gets in when the NAT filters nothing.</summary>
    Direct,
    /// <summary>It behaves as any Teredo peer: a bubble through the server first, and the packet when the client's bubble has come.</summary>
    Bubble,
    /// <summary>After <see cref="Bubble"/>, it sends a packet from another port. That gets in when the NAT filters by address only.</summary>
    OtherPort,
}

/// <summary>A message of the check of reachability: an ICMPv6 message of a type for private experiments (RFC 4443 §2.1).</summary>
readonly record struct ReflectionMessage
{
    /// <summary>The size of the IPv6 packet of an answer or a proof, in octets.</summary>
    public const int Size = IPv6Packet.HeaderSize + BodySize;

    /// <summary>
    /// The least size of the IPv6 packet of a request, in octets. All that a request causes is smaller, headers included: two answers or proofs, and
    /// a bubble with origin indication and nonce.
    /// </summary>
    public const int RequestSize = 4 * Size;

    /// <summary>The size of a cookie, in octets.</summary>
    public const int CookieSize = 16;

    const int BodySize = 40;
    const int MagicAt = 4, TokenAt = 8, CookieAt = 16, EndpointAt = 32, StepAt = 38; // behind type, code and checksum
    const byte RequestType = 200, AnswerType = 201; // RFC 4443 §2.1: private experimentation
    const uint Magic = 0x54526566; // "TRef"

    public required ReflectionKind Kind { get; init; }

    /// <summary>The client's random number, which tells one check from another.</summary>
    public required ulong Token { get; init; }

    /// <summary>The server's cookie; 0 where there is none.</summary>
    public UInt128 Cookie { get; init; }

    /// <summary>The endpoint of the stranger; unspecified in requests.</summary>
    public IPv4Endpoint Stranger { get; init; }

    public ReflectionStep Step { get; init; }

    bool IsRequest => Kind <= ReflectionKind.Order;

    /// <summary>Whether a packet looks like a message of this kind. <see cref="TryParse"/> looks closer.</summary>
    public static bool IsCandidate(in IPv6Packet packet, bool request)
    {
        var body = packet.Payload;
        return packet.NextHeader == NextHeader.Icmpv6 && body.Length >= BodySize && body[0] == (request ? RequestType : AnswerType)
            && BinaryPrimitives.ReadUInt32BigEndian(body[MagicAt..]) == Magic;
    }

    /// <summary>Reads a message.</summary>
    /// <returns>False when its checksum is wrong, or a field has no meaning.</returns>
    public static bool TryParse(in IPv6Packet packet, out ReflectionMessage message)
    {
        message = default;
        if (!Icmpv6Message.TryParse(packet, out _))
            return false;
        var body = packet.Payload;
        bool request = body[0] == RequestType;
        if (!IsCandidate(packet, request))
            return false;
        message = new()
        {
            Kind = (ReflectionKind)body[1],
            Token = BinaryPrimitives.ReadUInt64BigEndian(body[TokenAt..]),
            Cookie = BinaryPrimitives.ReadUInt128BigEndian(body[CookieAt..]),
            Stranger = new(IPv4Address.Read(body[EndpointAt..]), BinaryPrimitives.ReadUInt16BigEndian(body[(EndpointAt + IPv4Address.Size)..])),
            Step = (ReflectionStep)body[StepAt],
        };
        return message.IsRequest == request && message.Kind <= ReflectionKind.Proof && message.Step <= ReflectionStep.OtherPort;
    }

    /// <summary>Writes the whole IPv6 packet. A request is padded with zeros.</summary>
    /// <param name="octets">The destination buffer, exactly <see cref="Size"/> or, for a request, <see cref="RequestSize"/> long.</param>
    /// <param name="source">The source address.</param>
    /// <param name="destination">The destination address.</param>
    public void Write(Span<byte> octets, IPv6Address source, IPv6Address destination)
    {
        octets.Clear();
        IPv6Packet.WriteHeader(octets, octets.Length - IPv6Packet.HeaderSize, NextHeader.Icmpv6, 64, source, destination);
        var body = octets[IPv6Packet.HeaderSize..];
        body[0] = IsRequest ? RequestType : AnswerType;
        body[1] = (byte)Kind;
        BinaryPrimitives.WriteUInt32BigEndian(body[MagicAt..], Magic);
        BinaryPrimitives.WriteUInt64BigEndian(body[TokenAt..], Token);
        BinaryPrimitives.WriteUInt128BigEndian(body[CookieAt..], Cookie);
        Stranger.Address.Write(body[EndpointAt..]);
        BinaryPrimitives.WriteUInt16BigEndian(body[(EndpointAt + IPv4Address.Size)..], Stranger.Port);
        body[StepAt] = (byte)Step;
        Icmpv6Message.WriteChecksum(octets);
    }
}
