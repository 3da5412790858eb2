using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>Private networks for tests. Where this system refuses them the test is skipped, with the engine's own reason.</summary>
[SupportedOSPlatform("linux")]
static class PrivateNetworks
{
    public static readonly IPAddress Address = IPAddress.Parse("2001:0:c000:201:0:efff:34ff:8efe"),
        Stranger = IPAddress.Parse("2001:0:c000:201:0:eeee:34ff:8efd");

    public static PrivateNetwork Create()
    {
        try
        {
            return PrivateNetwork.Create();
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }

    /// <summary>A device with <see cref="Address"/> and a default route.</summary>
    public static TunDevice OpenTunWithAddress(this PrivateNetwork network, bool offload = true)
    {
        var device = network.OpenTunOrSkip(offload: offload);
        device.SetAddress(Address, 32);
        device.AddRoute(IPAddress.IPv6Any, 0);
        return device;
    }

    public static TunDevice OpenTunOrSkip(this PrivateNetwork network, string name = "teredo", bool offload = true)
    {
        try
        {
            return network.OpenTun(name, 1280, offload);
        }
        catch (TeredoException e) when (e.HResult is 2 or 1 or 13 or 19) // no device node, or not for this user
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }

    /// <summary>The children of this process, of all its threads.</summary>
    public static string[] Children() => [.. Directory.GetDirectories("/proc/self/task").SelectMany(ChildrenOfThread)];

    public static int OpenDescriptors() => Directory.GetFiles("/proc/self/fd").Length;

    static string[] ChildrenOfThread(string thread)
    {
        try
        {
            return File.ReadAllText(thread + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (IOException)
        {
            return []; // the thread has ended meanwhile
        }
    }

    /// <summary>Takes a packet; the octets are valid only during the call.</summary>
    public delegate void PacketHandler(ReadOnlySpan<byte> packet);

    /// <summary>Reads a device packet by packet, as the kernel hands them over.</summary>
    public static void StartReading(this TunDevice device, PacketHandler handler, ILogger? log = null) => device.Start((in DeviceBurst burst) =>
    {
        foreach (var packet in burst.Packets)
            handler(burst[packet]);
    }, log ?? NullLogger.Instance);
}
