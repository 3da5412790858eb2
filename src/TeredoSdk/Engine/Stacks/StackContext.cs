using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks;

/// <summary>The parts that a stack shares with its engine.</summary>
/// <param name="Clock">The clock; stacks use only <see cref="EngineClock.Now"/>, on any thread.</param>
/// <param name="Guard">Counts drops, and knows the peers that were contacted.</param>
/// <param name="Watch">The connection attempts that have to end when their peer can't be reached.</param>
/// <param name="Driver">Takes the packets that the stack sends.</param>
/// <param name="Log">The log, for defects.</param>
/// <param name="Parts">The parts of the machine.</param>
readonly record struct StackContext(EngineClock Clock, StackGuard Guard, PeerWatch Watch, TeredoDriver Driver, ILogger Log, EngineParts Parts)
{
    /// <summary>Takes a packet of which the driver sent nothing: who waits for its peer is told.</summary>
    public void Refuse(ReadOnlySpan<byte> octets, DropReason reason)
    {
        if (!IPv6Packet.TryParse(octets, out var packet) || reason == DropReason.MalformedTransport)
        {
            Guard.Count(DropReason.MalformedTransport);
            return;
        }
        var problem = reason == DropReason.BadInnerSource && Driver.Address is { } now
            ? Problems.AddressChanged(packet.Source.ToIPAddress(), now.ToIPAddress())
            : Problems.OfDrop(reason, packet.Destination);
        if (problem is not null) // the source is given, so that a stale socket does not fail attempts from the new address
            Watch.HandleUnreachable(packet.Destination, packet.Source, problem);
    }
}
