using TeredoSdk.Machine;

namespace TeredoSdk.Testing;

/// <summary>Writes datagrams as a classic pcap file of raw IPv4 packets (link type 101), for Wireshark and tcpdump.</summary>
/// <remarks>Times count from the start of the simulation, in microseconds. Calls must not overlap.</remarks>
public sealed class PcapWriter
{
    readonly PcapFile _file;

    /// <summary>Starts a pcap file.</summary>
    /// <param name="stream">The stream to write to; the caller closes it. The file header is written at once.</param>
    public PcapWriter(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _file = new(stream);
    }

    /// <summary>Writes a datagram with the IPv4 and UDP headers that a real one would have.</summary>
    public void Write(in SimulatedDatagram datagram) =>
        _file.WriteDatagram(datagram.Time.SinceStart, datagram.Source, datagram.Target, datagram.Ttl, datagram.Payload.Span);
}
