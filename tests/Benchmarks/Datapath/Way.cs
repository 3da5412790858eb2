using System.Globalization;
using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath;

/// <summary>A path between two hosts: the processes that carry it, and the address of the second host.</summary>
sealed record TrafficPath(LabProcess[] Processes, IPAddress Address);

/// <summary>A way to carry packets between two hosts, each behind a NAT of its own.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Programs">What has to be installed.</param>
/// <param name="StartAsync">Brings it up.</param>
sealed record Way(string Name, string[] Programs, Func<Bed, Task<TrafficPath>> StartAsync)
{
    const int WireGuardPort = 51820, YggdrasilPort = 9001;

    /// <summary>The other implementation, to which all are compared.</summary>
    public static Way Miredo { get; } = new("miredo", ["miredo"], async bed =>
    {
        var clients = await Task.WhenAll(TeredoSdk.Platform.Tests.Programs.Miredo.StartClientAsync(bed.One, bed.Server),
            TeredoSdk.Platform.Tests.Programs.Miredo.StartClientAsync(bed.Other, bed.Server));
        return new([.. clients.Select(client => client.Process)], clients[1].Address);
    });

    /// <summary>Ours, as it is by default.</summary>
    public static Way Offload { get; } = Rung("offload");

    /// <summary>No tunnel: the other host's NAT forwards the ports of the traffic.</summary>
    public static Way Direct { get; } = new("kernel", [], async bed =>
    {
        await bed.ForwardAsync($"tcp dport {Traffic.TcpPort}", $"udp dport {Traffic.UdpPort}", $"udp dport {Traffic.EchoPort}");
        return new([], bed.OtherNat.Address.MapToIPv6());
    });

    static Way WireGuard { get; } = new("wireguard-go", ["wireguard-go", "wg"], async bed =>
    {
        await bed.ForwardAsync($"udp dport {WireGuardPort}");
        LabProcess[] processes = [bed.One.Start("wireguard-go", ["-f", "wg1"]), bed.Other.Start("wireguard-go", ["-f", "wg2"])];
        await bed.One.ShellAsync($"cd {bed.One.Lab.Scratch}; umask 077; for n in 1 2; do wg genkey >wg$n; wg pubkey <wg$n >wg$n.public; done");
        await ConfigureAsync(bed.One, 1, $"endpoint {bed.OtherNat.Address}:{WireGuardPort}");
        await ConfigureAsync(bed.Other, 2, "");
        return new(processes, IPAddress.Parse("fd00::2"));

        static Task<string> ConfigureAsync(LabHost host, int number, string endpoint) => host.ShellAsync(string.Create(CultureInfo.InvariantCulture, $"""
            cd {host.Lab.Scratch}
            until wg show wg{number} >/dev/null 2>&1; do sleep 0.05; done
            wg set wg{number} listen-port {WireGuardPort} private-key wg{number} peer $(cat wg{3 - number}.public) allowed-ips ::/0 {endpoint}
            ip address add fd00::{number}/64 dev wg{number}
            ip link set wg{number} up
            """));
    });

    static Way Yggdrasil { get; } = new("yggdrasil", ["yggdrasil"], async bed =>
    {
        await bed.ForwardAsync($"tcp dport {YggdrasilPort}");
        var other = await StartAsync(bed.Other, $"\"Listen\": [\"tcp://0.0.0.0:{YggdrasilPort}\"]");
        var one = await StartAsync(bed.One, $"\"Peers\": [\"tcp://{bed.OtherNat.Address}:{YggdrasilPort}\"]");
        return new([one.Process, other.Process], other.Address);

        static async Task<(LabProcess Process, IPAddress Address)> StartAsync(LabHost host, string peering)
        {
            string path = Path.Combine(host.Lab.Scratch, $"{host.Name}.yggdrasil");
            await File.WriteAllTextAsync(path, $"{{ {peering}, \"AdminListen\": \"none\", \"MulticastInterfaces\": [], \"IfMTU\": 65535 }}");
            var address = host.WaitForAddressAsync(found => found.Address.GetAddressBytes()[0] is 2 or 3);
            var process = host.Start("yggdrasil", ["-useconffile", path]);
            return (process, (await address).Address);
        }
    });

    /// <summary>All ways that this machine has: miredo first, then ours from the lowest rung to the highest, then others.</summary>
    public static IReadOnlyList<Way> Installed { get; } =
        [.. new[] { Miredo, Rung("sockets"), Rung("batches"), Rung("segments"), Offload, WireGuard, Yggdrasil, Direct }.Where(way => way.Programs.All(IsInstalled))];

    static bool IsInstalled(string program) =>
        $"/usr/local/sbin:/usr/sbin:/sbin:{Environment.GetEnvironmentVariable("PATH")}".Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    static Way Rung(string rung) => new(rung, [], async bed =>
    {
        var clients = await Task.WhenAll(ClientAsync(bed.One, bed.Server, rung), ClientAsync(bed.Other, bed.Server, rung));
        return new([.. clients.Select(client => client.Process)], clients[1].Address);
    });

    /// <summary>Starts our client of a whole machine.</summary>
    public static Task<(LabProcess Process, IPAddress Address)> ClientAsync(LabHost host, LabHost server, string rung = "auto") =>
        TeredoProgram.StartClientAsync(host, server, "--datapath", rung);
}
