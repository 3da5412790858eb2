using System.Globalization;

namespace TeredoSdk.Datapath.Parts;

/// <summary>TCP inside the process beside the kernel's, through the same tunnel.</summary>
static class Streams
{
    const int TeredoPort = 3544;
    const string Kernel = "kernel to kernel", Sends = "in process to kernel", Takes = "kernel to in process", Both = "in process to in process";

    public static Part Part { get; } = new("streams", "TCP inside the process",
        "A program of ours sends to the same program over `TeredoConnection`, with the tunnel inside it. TCP is the kernel's in a private network "
        + "(`TeredoSockets.Kernel`) or that of the engine (`TeredoSockets.InProcess`), and CUBIC in both. CPU is that of both programs together.",
        [Kernel, Sends, Takes, Both],
        [new("tcpGbit", "TCP Gbit/s", "0.00", "times the kernel's (spread)"), new("cpuPerGbit", "CPU s per Gbit", "0.00", "times the kernel's")],
        (row, duration) => MeasureAsync(row, duration, _ => Task.CompletedTask));

    public static Part[] Lossy { get; } = [.. new[] { 1, 10 }.Select(perThousand => new Part($"loss{perThousand}",
        string.Create(CultureInfo.InvariantCulture, $"The same where {perThousand / 10.0} % of the datagrams are lost"),
        "The hosts cut no datagrams (as above), and the sender's NAT drops some of what comes from it at random.",
        [Kernel, Sends],
        [new("tcpGbit", "TCP Gbit/s", "0.000", "times the kernel's (spread)"), new("cpuPerGbit", "CPU s per Gbit", "0.00", "times the kernel's")],
        (row, duration) => MeasureAsync(row, duration, async bed =>
        {
            await Task.WhenAll(Tunnel.CutNothingAsync(bed.One), Tunnel.CutNothingAsync(bed.Other));
            await bed.OneNat.ShellAsync($$"""
                nft -f - <<'RULES'
                table ip lossy {
                  chain forward { type filter hook forward priority 0
                    udp sport != {{TeredoPort}} udp dport != {{TeredoPort}} iifname != "eth0" numgen random mod 1000 < {{perThousand}} drop
                  }
                }
                RULES
                """);
        })) { TimesAsLong = 3 })];

    static Task<double[]> MeasureAsync(string row, TimeSpan duration, Func<Bed, Task> prepareAsync) => Bed.UseAsync(async bed =>
    {
        await prepareAsync(bed);
        var receiver = await Actor.StartSinkAsync(bed.Other, bed.Server, isInProcess: row is Takes or Both);
        var sender = Actor.StartSource(bed.One, bed.Server, isInProcess: row is Sends or Both, receiver.EndPoints[0]);
        var reading = await Reading.TakeAsync(receiver, [receiver.Process, sender], duration);
        return new[] { reading.GbitPerSecond, reading.CpuPerGbit };
    });
}
