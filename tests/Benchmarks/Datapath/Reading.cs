using System.Diagnostics;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath;

/// <summary>What a receiver took in some time, and what that cost.</summary>
/// <param name="Gbits">Gigabits for each of its nodes.</param>
/// <param name="Seconds">How long it was.</param>
/// <param name="Cpu">Seconds of processor time of the processes that were asked for.</param>
sealed record Reading(double[] Gbits, double Seconds, double Cpu)
{
    static readonly TimeSpan Warmup = TimeSpan.FromSeconds(1);

    public double GbitPerSecond => Gbits.Sum() / Seconds;

    public double CpuPerGbit => Cpu / Gbits.Sum();

    /// <summary>Waits until all nodes get something, and then measures for so long.</summary>
    public static async Task<Reading> TakeAsync(Actor.Receiver receiver, LabProcess[] processes, TimeSpan duration)
    {
        while ((await receiver.CountAsync()).Any(count => count == 0))
        {
            if (Array.Find(processes, process => process.HasExited) is { } ended)
                throw new InvalidOperationException($"A process has ended.\n{ended.Transcript}");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
        await Task.Delay(Warmup);
        var (clock, before, cpu) = (Stopwatch.StartNew(), await receiver.CountAsync(), Datapath.Cpu.SecondsOf(processes));
        await Task.Delay(duration);
        var after = await receiver.CountAsync();
        return new([.. after.Zip(before, (now, then) => (now - then) * 8 / 1e9)], clock.Elapsed.TotalSeconds, Datapath.Cpu.SecondsOf(processes) - cpu);
    }
}
