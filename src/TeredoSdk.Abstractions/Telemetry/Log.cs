using System.Net;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Telemetry;

/// <summary>The log messages.</summary>
static partial class Log
{
    [LoggerMessage(EventIds.Qualified, LogLevel.Information, "Qualified: {Address} from server {Server}, NAT {Nat}.")]
    public static partial void Qualified(ILogger log, TeredoAddress address, IPv4Address server, string nat);

    [LoggerMessage(EventIds.AddressChanged, LogLevel.Warning, "The Teredo address changed from {Old} to {Address}.")]
    public static partial void AddressChanged(ILogger log, TeredoAddress old, TeredoAddress address);

    [LoggerMessage(EventIds.AddressLost, LogLevel.Warning, "The Teredo address {Address} is lost.")]
    public static partial void AddressLost(ILogger log, TeredoAddress address);

    [LoggerMessage(EventIds.QualificationFailed, LogLevel.Warning, "There is no Teredo address; the next attempt is at {RetryAt:O}. {Problem}")]
    public static partial void QualificationFailed(ILogger log, string problem, DateTimeOffset? retryAt);

    [LoggerMessage(EventIds.Dormant, LogLevel.Information, "The node is dormant; a bind or a datagram wakes it.")]
    public static partial void Dormant(ILogger log);

    [LoggerMessage(EventIds.KeyRenewalNeeded, LogLevel.Warning, "The Teredo server asks for a new secret of secure qualification.")]
    public static partial void KeyRenewalNeeded(ILogger log);

    [LoggerMessage(EventIds.ServerNotResolved, LogLevel.Warning, "The name of the Teredo server {Server} can't be resolved: {Cause}")]
    public static partial void ServerNotResolved(ILogger log, string server, string cause);

    [LoggerMessage(EventIds.ServerStarted, LogLevel.Information, "The Teredo server serves at {Primary} and {Secondary}.")]
    public static partial void ServerStarted(ILogger log, IPEndPoint primary, IPEndPoint? secondary);

    [LoggerMessage(EventIds.PeerUnreachable, LogLevel.Information, "{Peer} can't be reached: {Reason}.")]
    public static partial void PeerUnreachable(ILogger log, IPv6Address peer, UnreachableReason reason);

    [LoggerMessage(EventIds.PacketDropped, LogLevel.Trace, "Dropped a datagram from {Source}: {Reason}.")]
    public static partial void PacketDropped(ILogger log, IPv4Endpoint source, DropReason reason);

    [LoggerMessage(EventIds.LimitReached, LogLevel.Warning,
        "The server's rate limits dropped {Count} datagrams since the last such message; the last one came from {Source} and reached {Limit}.")]
    public static partial void LimitReached(ILogger log, long count, IPv4Endpoint source, ServerLimit limit);

    [LoggerMessage(EventIds.PortOpened, LogLevel.Debug, "Opened the {Port} port at {Local}.")]
    public static partial void PortOpened(ILogger log, LocalPort port, IPv4Endpoint local);

    [LoggerMessage(EventIds.PortNotOpened, LogLevel.Warning, "The {Port} port can't be opened at UDP port {Number}: {Cause}")]
    public static partial void PortNotOpened(ILogger log, LocalPort port, int number, string cause);

    [LoggerMessage(EventIds.SendFailed, LogLevel.Debug, "A datagram to {Target} was not sent: {Cause}")]
    public static partial void SendFailed(ILogger log, IPv4Endpoint target, string cause);

    [LoggerMessage(EventIds.NativeSendFailed, LogLevel.Debug, "A packet to {Target} was not sent: {Cause}")]
    public static partial void NativeSendFailed(ILogger log, IPv6Address target, string cause);

    [LoggerMessage(EventIds.ReceiveFailed, LogLevel.Debug, "A datagram could not be received; the next one is tried: {Cause}")]
    public static partial void ReceiveFailed(ILogger log, string cause);

    [LoggerMessage(EventIds.AcceptFailed, LogLevel.Warning, "Port {Port} can't accept a connection; the next attempt is in {Seconds} s: {Cause}")]
    public static partial void AcceptFailed(ILogger log, int port, double seconds, string cause);

    [LoggerMessage(EventIds.ForwardSessionBegun, LogLevel.Debug, "A session of {Source} to {Target} has begun.")]
    public static partial void ForwardSessionBegun(ILogger log, EndPoint source, string target);

    [LoggerMessage(EventIds.ForwardSessionEnded, LogLevel.Debug, "The session of {Source} to {Target} has ended: {Reason}")]
    public static partial void ForwardSessionEnded(ILogger log, EndPoint? source, string target, string reason);

    [LoggerMessage(EventIds.ForwardFailed, LogLevel.Warning, "A session to {Target} failed. The next ones are tried; they are told again when one has succeeded. {Problem}")]
    public static partial void ForwardFailed(ILogger log, string target, string problem);

    [LoggerMessage(EventIds.ForwardRefused, LogLevel.Warning, "A session of {Source} to {Target} was refused, because a limit of the forward is reached ({Count} so far).")]
    public static partial void ForwardRefused(ILogger log, EndPoint source, string target, long count);

    [LoggerMessage(EventIds.ConnectionForgotten, LogLevel.Warning, "The application forgot its connection to {Peer} without disposing it; it is closed now.")]
    public static partial void ConnectionForgotten(ILogger log, IPEndPoint peer);

    [LoggerMessage(EventIds.SmallReceiveBuffer, LogLevel.Information,
        "The system gives the receive buffer of the UDP socket {Given} octets instead of {Wanted}, so bursts may be lost. On Linux raise net.core.rmem_max.")]
    public static partial void SmallReceiveBuffer(ILogger log, int given, int wanted);

    [LoggerMessage(EventIds.DatapathRung, LogLevel.Information, "Packets are moved on the rung {Rung}: {Reason}")]
    public static partial void DatapathRung(ILogger log, TeredoDatapath rung, string reason);

    [LoggerMessage(EventIds.EngineFault, LogLevel.Error, "An unexpected exception shows a defect of the SDK; the work goes on.")]
    public static partial void EngineFault(ILogger log, Exception exception);

    [LoggerMessage(EventIds.NetworkChanged, LogLevel.Debug, "The network changed: local address {Local}, IPv4 path: {HasIPv4}.")]
    public static partial void NetworkChanged(ILogger log, IPv4Address local, bool hasIPv4);

    [LoggerMessage(EventIds.Resumed, LogLevel.Information, "The machine was asleep; the address is checked.")]
    public static partial void Resumed(ILogger log);

    [LoggerMessage(EventIds.InterfacesUnknown, LogLevel.Debug, "The network interfaces can't be listed: {Cause}")]
    public static partial void InterfacesUnknown(ILogger log, string cause);

    [LoggerMessage(EventIds.NotWatching, LogLevel.Warning, "{Problem}")]
    public static partial void NotWatching(ILogger log, string problem);

    [LoggerMessage(EventIds.WaitingForNetwork, LogLevel.Error, "Waiting for a network. {Problem}")] // a start that can't go on
    public static partial void WaitingForNetwork(ILogger log, string problem);

    [LoggerMessage(EventIds.AddressRestored, LogLevel.Warning, "Another program took the address or the route of {Device} away. They are restored.")]
    public static partial void AddressRestored(ILogger log, string device);

    [LoggerMessage(EventIds.NoKernelSockets, LogLevel.Information, "The node uses sockets inside the process. {Reason}")]
    public static partial void NoKernelSockets(ILogger log, string reason);

    [LoggerMessage(EventIds.InterfaceFound, LogLevel.Information, "The node uses the Teredo interface {Name} with {Address}.")]
    public static partial void InterfaceFound(ILogger log, string name, TeredoAddress address);

    [LoggerMessage(EventIds.GaveWay, LogLevel.Information, "The machine has native IPv6; the Teredo client stops until that ends.")]
    public static partial void GaveWay(ILogger log);

    [LoggerMessage(EventIds.RelayStarted, LogLevel.Information, "The Teredo relay at {Local} serves {Served}.")]
    public static partial void RelayStarted(ILogger log, IPv4Endpoint local, string served);

    [LoggerMessage(EventIds.RelayStopped, LogLevel.Information, "The Teredo relay stopped.")]
    public static partial void RelayStopped(ILogger log);

    [LoggerMessage(EventIds.RelayFailed, LogLevel.Warning, "The Teredo relay can't run: {Problem}")]
    public static partial void RelayFailed(ILogger log, string problem);

    [LoggerMessage(EventIds.WindowsStep, LogLevel.Information, "Switching Windows' Teredo on: {Step}")]
    public static partial void WindowsStep(ILogger log, string step);

    [LoggerMessage(EventIds.FirewallExceptionMissing, LogLevel.Warning, "The firewall may block packets from strangers: {Problem}")]
    public static partial void FirewallExceptionMissing(ILogger log, string problem);
}
