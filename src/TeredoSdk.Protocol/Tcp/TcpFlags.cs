namespace TeredoSdk.Protocol.Tcp;

/// <summary>The control bits of a segment (RFC 9293 §3.1).</summary>
[Flags]
enum TcpFlags : byte
{
    None = 0,
    Fin = 0x01,
    Syn = 0x02,
    Reset = 0x04,
    Push = 0x08,
    Ack = 0x10,
    Urgent = 0x20,
    /// <summary>The receiver saw the mark of congestion (RFC 3168 §6.1).</summary>
    EcnEcho = 0x40,
    /// <summary>The sender has reduced its window (RFC 3168 §6.1).</summary>
    WindowReduced = 0x80,
}

/// <summary>The two bits of the traffic class that routers mark (RFC 3168 §5).</summary>
static class Ecn
{
    /// <summary>The transport does not take marks.</summary>
    public const byte None = 0;
    /// <summary>ECT(0): the transport takes marks.</summary>
    public const byte Capable = 2;
    /// <summary>CE: a router marked the packet instead of dropping it.</summary>
    public const byte Congestion = 3;
}
