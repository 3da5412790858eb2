using System.Diagnostics;

namespace TeredoSdk.DatagramBenchmark;

/// <summary>What one process did.</summary>
/// <param name="PerSecond">Packets per second.</param>
/// <param name="Microseconds">Processor time of the process for each packet, in microseconds.</param>
/// <param name="Octets">What the process allocated for each packet, in octets.</param>
readonly record struct Figures(double PerSecond, double Microseconds, double Octets);

/// <summary>Counts what this process uses.</summary>
sealed class Meter
{
    readonly long _start = Stopwatch.GetTimestamp(), _octets = GC.GetTotalAllocatedBytes(precise: true);
    readonly TimeSpan _processor = Environment.CpuUsage.TotalTime;

    public Figures Read(long packets)
    {
        double count = Math.Max(packets, 1);
        return new(packets / Stopwatch.GetElapsedTime(_start).TotalSeconds, (Environment.CpuUsage.TotalTime - _processor).TotalMicroseconds / count,
            (GC.GetTotalAllocatedBytes(precise: true) - _octets) / count);
    }
}

/// <summary>The nodes of both processes.</summary>
static class Node
{
    public static TeredoOptions Options(string servers, TeredoDatapath way) => new()
    {
        Servers = [servers],
        Provider = TeredoProvider.Embedded,
        Sockets = TeredoSockets.InProcess,
        AllowPrivateAddresses = true,
        Datapath = way,
    };
}
