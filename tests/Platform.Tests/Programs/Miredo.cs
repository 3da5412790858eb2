using System.Globalization;
using System.Net;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>A client of miredo that has its address.</summary>
/// <param name="Process">The process.</param>
/// <param name="Address">Its Teredo address.</param>
/// <param name="TimeToAddress">From the program's start to the address on its device.</param>
sealed record MiredoClient(LabProcess Process, IPAddress Address, TimeSpan TimeToAddress);

/// <summary>Miredo's client, server and relay in hosts of the lab: the other implementation, to which ours is compared.</summary>
static class Miredo
{
    public const string Device = "teredo";

    /// <summary>Starts miredo-server on the first two addresses of a host; it answers when this returns.</summary>
    public static async Task<LabProcess> StartServerAsync(LabHost host)
    {
        string[] addresses = [.. host.Links[0].Addresses.Select(address => address.Split('/')[0])];
        var process = Start(host, "miredo-server", $"ServerBindAddress {addresses[0]}\nServerBindAddress2 {addresses[1]}\n");
        await host.WaitForUdpPortAsync(3544, addresses.Length);
        return process;
    }

    /// <summary>Starts a relay; its device is up when this returns.</summary>
    public static async Task<LabProcess> StartRelayAsync(LabHost host, string kind = "restricted")
    {
        var process = Start(host, "miredo", $"RelayType {kind}\nInterfaceName {Device}\nBindPort 3545\nBindAddress {host.Address}\n");
        await host.WaitForAddressAsync(found => found.Device == Device);
        await host.WaitForUdpPortAsync(3545);
        return process;
    }

    /// <summary>Starts a client and waits for its address.</summary>
    public static async Task<MiredoClient> StartClientAsync(LabHost host, LabHost server, int port = 0)
    {
        var address = host.WaitForAddressAsync(found => found.Device == Device && IsTeredo(found.Address));
        string bind = port == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"BindPort {port}\n");
        var process = Start(host, "miredo", $"RelayType client\nInterfaceName {Device}\nServerAddress {server.Address}\n{bind}");
        var found = await address;
        return new(process, found.Address, found.Seen - process.Started);
    }

    static bool IsTeredo(IPAddress address) => address.GetAddressBytes() is [0x20, 0x01, 0, 0, ..];

    static LabProcess Start(LabHost host, string program, string configuration)
    {
        string path = Path.Combine(host.Lab.Scratch, $"{host.Name}-{program}.conf");
        File.WriteAllText(path, configuration);
        return host.Start(program, ["-f", "-c", path, "-p", Path.ChangeExtension(path, "pid")]);
    }
}
