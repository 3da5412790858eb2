using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Server;

/// <remarks>The check whether strangers get in to a client (docs/protocol §9).</remarks>
public sealed partial class TeredoServer
{
    // docs/protocol §9. The client's endpoint is that of its address (rule 5); a cookie shows that it is no forged one.
    DropReason Reflect(Instant now, LocalPort via, IPv4Endpoint source, TeredoAddress asker, in IPv6Packet packet)
    {
        if (via != LocalPort.ServerPrimary || packet.Destination != _linkLocal || !IsOwnClient(asker))
            return DropReason.NotAccepted;
        if (packet.Length < ReflectionMessage.RequestSize)
            return DropReason.ReflectionTooSmall;
        if (!ReflectionMessage.TryParse(packet, out var request))
            return DropReason.MalformedIcmpv6;
        if (!_reflector!.IsProven(now, asker, request)) // before the limit: a forged order must not use up the client's answers
            return DropReason.BadReflectionCookie;
        return MayAnswer(now, source) ? _reflector.Take(now, asker, request) : DropReason.RateLimited;
    }
}
