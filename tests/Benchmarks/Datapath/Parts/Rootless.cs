using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath.Parts;

/// <summary>An application with a tunnel of its own, without root, beside the same application on a machine whose tunnel root has made.</summary>
static class Rootless
{
    const string WithRoot = "root", Without = "no root";

    public static Part Part { get; } = new("rootless", "The same without root",
        "A program of ours sends to the same program, over `TeredoConnection`. `root`: the machines run `teredo client`, and the program uses that interface. "
        + "`no root`: the program is an ordinary user's, and the tunnel is inside it. CPU is that of tunnels and programs together.",
        [WithRoot, Without],
        [new("tcpGbit", "TCP Gbit/s", "0.00", "times root (spread)"), new("cpuPerGbit", "CPU s per Gbit, with the programs", "0.00", "times root's")],
        MeasureAsync);

    static Task<double[]> MeasureAsync(string row, TimeSpan duration) => Bed.UseAsync(async bed =>
    {
        List<LabProcess> processes = [];
        if (row == WithRoot)
        {
            var clients = await Task.WhenAll(Way.ClientAsync(bed.One, bed.Server), Way.ClientAsync(bed.Other, bed.Server));
            processes.AddRange(clients.Select(client => client.Process));
        }
        var provider = row == WithRoot ? TeredoProvider.Interface : TeredoProvider.Embedded;
        var receiver = await Actor.StartSinkAsync(bed.Other, bed.Server, provider, 1);
        processes.AddRange([receiver.Process, Actor.StartSource(bed.One, bed.Server, provider, receiver.EndPoints[0])]);
        var reading = await Reading.TakeAsync(receiver, [.. processes], duration);
        return new[] { reading.GbitPerSecond, reading.CpuPerGbit };
    });
}
