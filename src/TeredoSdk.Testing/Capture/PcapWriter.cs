using TeredoSdk.Machine;

namespace TeredoSdk.Testing;

/// <summary>Writes datagrams as a classic pcap file of raw IPv4 packets (link type 101), which Wireshark and tcpdump read.</summary>
/// <remarks>Times count from the start of the simulation, to the microsecond. One caller at a time.</remarks>
public sealed class PcapWriter
{
    readonly PcapFile _file;

    /// <summary>Starts a pcap file.</summary>
    /// <param name="stream">Where to write, which the caller closes. The file header is written at once.</param>
    public PcapWriter(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _file = new(stream);
    }

    /// <summary>Writes a datagram with the IPv4 and UDP headers that it would have had.</summary>
    public void Write(in SimulatedDatagram datagram) =>
        _file.WriteDatagram(datagram.Time.SinceStart, datagram.Source, datagram.Target, datagram.Ttl, datagram.Payload.Span);
}
