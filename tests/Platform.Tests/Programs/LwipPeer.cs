using System.Net;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>A peer on lwIP (tests/Lwip.Peer), built once in a run: a native IPv6 host of its own behind a host of the lab, by a TUN device.</summary>
static class LwipPeer
{
    /// <summary>What it is built with.</summary>
    public const string Header = "/usr/include/lwip/lwip/tcpip.h";

    const string Device = "lwip0";

    static readonly Lazy<Task<string>> Built = new(BuildAsync);

    /// <summary>The address.</summary>
    public static IPAddress Address { get; } = IPAddress.Parse($"{Lab.Internet6}:60");

    /// <summary>The program, once it is built.</summary>
    public static Task<string> ProgramAsync => Built.Value;

    /// <summary>Gives a native host of a lab the device, and lets it answer for the peer and forward to it.</summary>
    public static Task PrepareAsync(LabHost native) => native.ShellAsync($"""
        echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
        echo 1 >/proc/sys/net/ipv6/conf/eth0/proxy_ndp
        ip -6 neighbour add proxy {Address} dev eth0
        ip tuntap add dev {Device} mode tun
        ip link set {Device} up
        ip -6 route add {Address}/128 dev {Device}
        """);

    /// <summary>The arguments of the program.</summary>
    /// <param name="what"><c>listen PORT</c> or <c>connect PEER PORT</c>.</param>
    public static string[] Arguments(params string[] what) => [Device, $"{Address}", .. what];

    static async Task<string> BuildAsync()
    {
        string folder = Path.Combine(BuildOutput.Programs, "lwip"), program = Path.Combine(folder, "peer");
        string source = Path.Combine(BuildOutput.Root, "tests", "Lwip.Peer", "peer.c");
        await Shell.RunAsync($"mkdir -p '{folder}' && gcc -O1 -Wall -Wextra -Werror -I/usr/include/lwip -o '{program}' '{source}' -llwip -lpthread");
        return program;
    }
}
