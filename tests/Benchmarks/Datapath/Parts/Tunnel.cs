using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath.Parts;

/// <summary>Whole machines on the tunnel, with ordinary sockets above it.</summary>
static class Tunnel
{
    const int SlowMbit = 50;
    static readonly Column CpuColumn = new("cpuPerGbit", "CPU s per Gbit", "0.00", "times miredo's");

    public static Part Whole { get; } = new("tunnel", "Two machines, each behind a NAT",
        "TCP, then UDP datagrams of 1200 octets with 1 Gbit/s offered, then round trips: idle, and under full TCP load (median and 99th of 100; 1000 ms is a "
        + "ping without an answer). CPU is that of both tunnel processes. `sockets` to `offload` are our rungs, `kernel` is TCP without a tunnel: the limit.",
        [.. Way.Installed.Select(way => way.Name)],
        [
            new("tcpGbit", "TCP Gbit/s", "0.00", "times miredo (spread)"), new("cpuPerGbit", "CPU s per Gbit", "0.00"), new("udpGbit", "UDP Gbit/s", "0.00"),
            new("udpLoss", "loss", "0 %"), new("idleMs", "idle ms", "0.00"), new("loadedMs", "under load ms", "0.0"), new("loadedP99Ms", "p99 ms", "0.0"),
            new("pingLoss", "pings lost", "0.0 %"),
        ],
        (row, duration) => MeasureAsync(row, duration, _ => Task.CompletedTask, traffic => traffic.Measure()));

    public static Part Plain { get; } = new("plain", "The hosts cut no datagrams (UDP GSO off)",
        "The hosts' network devices take no segments, as `ethtool -K eth0 tx-udp-segmentation off gso off` makes it, so the kernel hands over every packet alone.",
        [Way.Miredo.Name, Way.Offload.Name],
        [new("tcpGbit", "TCP Gbit/s", "0.00", "times miredo (spread)"), CpuColumn],
        (row, duration) => MeasureAsync(row, duration, bed => Task.WhenAll(CutNothingAsync(bed.One), CutNothingAsync(bed.Other)), Stream));

    public static Part Uplink { get; } = new("uplink", $"An uplink of {SlowMbit} Mbit/s",
        $"What the sending host sends is shaped to {SlowMbit} Mbit/s (`tc ... tbf`), so the tunnel is never the limit, and only its cost counts.",
        [Way.Miredo.Name, Way.Offload.Name],
        [new("tcpGbit", "TCP Gbit/s", "0.000"), CpuColumn],
        (row, duration) => MeasureAsync(row, duration,
            bed => bed.One.ShellAsync($"tc qdisc add dev eth0 root tbf rate {SlowMbit}mbit burst 32kb latency 50ms"), Stream))
    { TimesAsLong = 3 };

    static double[] Stream(Traffic traffic)
    {
        traffic.Meet();
        var (gbit, cpu) = traffic.Stream(() => { });
        return [gbit, cpu];
    }

    static Task<double[]> MeasureAsync(string row, TimeSpan duration, Func<Bed, Task> prepareAsync, Func<Traffic, double[]> measure) => Bed.UseAsync(async bed =>
    {
        await prepareAsync(bed);
        var path = await Way.Installed.First(way => way.Name == row).StartAsync(bed);
        return measure(new Traffic(bed.One, bed.Other, path, duration));
    });

    /// <summary>Lets a host's network device take no segments.</summary>
    public static Task<string> CutNothingAsync(LabHost host) => host.ShellAsync("ethtool -K eth0 tx-udp-segmentation off gso off >/dev/null");
}
