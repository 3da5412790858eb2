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

    [LoggerMessage(EventIds.GatewayAnswerIgnored, LogLevel.Debug, "A datagram of the gateway {Gateway}, {Octets} octets, is ignored.")]
    public static partial void AnswerIgnored(ILogger log, IPv4Address gateway, int octets);

    [LoggerMessage(EventIds.UpnpAnswerIgnored, LogLevel.Debug, "A UPnP answer of {Source} is ignored: {Cause}")]
    public static partial void UpnpIgnored(ILogger log, IPv4Address source, string cause);
}
