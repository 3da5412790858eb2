using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The log messages of port mapping.</summary>
static partial class MappingLog
{
    [LoggerMessage(EventIds.PortMapped, LogLevel.Information, "The gateway maps {External} to {Local} ({Protocol}).")]
    public static partial void Mapped(ILogger log, IPv4Endpoint external, IPv4Endpoint local, string protocol);

    [LoggerMessage(EventIds.PortNotMapped, LogLevel.Information, "There is no port mapping; Teredo goes on without one. {Problem}")]
    public static partial void NotMapped(ILogger log, string problem);

    [LoggerMessage(EventIds.PortMappingLost, LogLevel.Warning, "The port mapping {External} is lost. {Problem}")]
    public static partial void Lost(ILogger log, IPv4Endpoint external, string problem);

    [LoggerMessage(EventIds.GatewayLostState, LogLevel.Information, "The gateway has lost its port mappings; the mapping is requested again ({Protocol}).")]
    public static partial void GatewayLostState(ILogger log, string protocol);

    [LoggerMessage(EventIds.GatewayNoAnswer, LogLevel.Debug, "The gateway {Gateway} does not answer: {Cause}")]
    public static partial void NoAnswer(ILogger log, IPv4Address gateway, string cause);

    [LoggerMessage(EventIds.GatewayAnswerIgnored, LogLevel.Debug, "A datagram of {Source}, {Octets} octets, is not the gateway's answer and is ignored.")]
    public static partial void AnswerIgnored(ILogger log, IPv4Endpoint source, int octets);

    [LoggerMessage(EventIds.UpnpAnswerIgnored, LogLevel.Debug, "A UPnP answer of {Source} is ignored: {Cause}")]
    public static partial void UpnpIgnored(ILogger log, string source, string cause);

    [LoggerMessage(EventIds.MappingLeft, LogLevel.Information, "The port mapping {Port} to {Local} of a process that was killed is removed at the gateway.")]
    public static partial void LeftRemoved(ILogger log, ushort port, IPv4Endpoint local);

    [LoggerMessage(EventIds.MappingNotesUnusable, LogLevel.Debug, "The note of a port mapping in {Path} can't be kept: {Cause}")]
    public static partial void NotesUnusable(ILogger log, string path, string cause);

    [LoggerMessage(EventIds.PortMappedBehindNat, LogLevel.Information, "{Problem}")]
    public static partial void BehindNat(ILogger log, string problem);
}
