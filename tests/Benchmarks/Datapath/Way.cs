using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath;

/// <summary>A tunnel between two hosts: its processes, and the address of the second host.</summary>
sealed record Tunnel(LabProcess[] Processes, IPAddress Address);

/// <summary>A way to carry packets between two hosts, each behind a NAT of its own.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="StartAsync">Brings it up.</param>
sealed record Way(string Name, Func<LabHost, LabHost, LabHost, Task<Tunnel>> StartAsync)
{
    /// <summary>The other implementation, to which all are compared.</summary>
    public static Way Miredo { get; } = new("miredo", async (server, one, other) =>
    {
        var clients = await Task.WhenAll(TeredoSdk.Platform.Tests.Programs.Miredo.StartClientAsync(one, server),
            TeredoSdk.Platform.Tests.Programs.Miredo.StartClientAsync(other, server));
        return new([.. clients.Select(client => client.Process)], clients[1].Address);
    });

    /// <summary>All ways, miredo first, then ours from the lowest rung to the highest.</summary>
    public static IReadOnlyList<Way> All { get; } = [Miredo, Rung("sockets"), Rung("batches"), Rung("segments"), Rung("offload")];

    static Way Rung(string rung) => new(rung, async (server, one, other) =>
    {
        var clients = await Task.WhenAll(ClientAsync(one, server, rung), ClientAsync(other, server, rung));
        return new([.. clients.Select(client => client.Process)], clients[1].Address);
    });

    static async Task<(LabProcess Process, IPAddress Address)> ClientAsync(LabHost host, LabHost server, string rung)
    {
        const string has = "interface teredo has ";
        var process = TeredoProgram.Start(host, ["client", "--datapath", rung, .. TeredoProgram.Asking(server)], new());
        return (process, IPAddress.Parse((await process.WaitForLineAsync(line => line.StartsWith(has, StringComparison.Ordinal)))[has.Length..]));
    }
}
