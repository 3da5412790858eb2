namespace TeredoSdk;

/// <summary>How an embedded engine, a server or a relay moves packets: a ladder from the fastest way down to one that every system has.</summary>
/// <remarks>
/// The names of the options of Linux are those of udp(7), recvmmsg(2) and linux/if_tun.h. What a kernel refuses costs a rung, never the node: the report
/// says which rung is in use, and why it is not a higher one.
/// </remarks>
public enum TeredoDatapath
{
    /// <summary>The highest rung that the system has.</summary>
    Auto,
    /// <summary>As <see cref="Segments"/>; and the TUN device hands over and takes long packets that stand for many (IFF_VNET_HDR, TUN_F_TSO6, TUN_F_USO6).</summary>
    Offload,
    /// <summary>The kernel cuts one message into many datagrams, and joins those that come in (UDP_SEGMENT, UDP_GRO): Linux 5.0 or later.</summary>
    Segments,
    /// <summary>One system call takes or sends many datagrams (recvmmsg, sendmmsg): Linux.</summary>
    Batches,
    /// <summary>One system call for each datagram, by .NET's own sockets: any system.</summary>
    Sockets,
}

/// <summary>How packets are moved, for a report.</summary>
public sealed record TeredoDatapathReport
{
    /// <summary>The rung in use.</summary>
    public required TeredoDatapath Way { get; init; }

    /// <summary>Why a higher rung is not in use, a sentence for each rung that was tried; empty when none was.</summary>
    public IReadOnlyList<string> Reasons { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>How many datagrams the system dropped, because the receive buffer of the UDP socket was full. Told on Linux only, but not on the rung of sockets.</summary>
    public long LostDatagrams { get; init; }

    /// <summary>
    /// How many packets the TUN device did not take, or handed over although more of them waited for their peer than could be sent; 0 without a device.
    /// </summary>
    public long LostPackets { get; init; }

    /// <summary>The kernel's release, for example 6.12.41; null where it does not matter. Some releases have faults in these ways.</summary>
    public string? Kernel { get; init; }
}
