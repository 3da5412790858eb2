using System.Globalization;
using System.Net;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>An IPv6 address of a device, and when it was seen.</summary>
sealed record DeviceAddress(string Device, IPAddress Address, DateTimeOffset Seen);

/// <summary>Waits for IPv6 addresses of a host's devices by the kernel's own notifications.</summary>
static unsafe class AddressWatch
{
    const int Netlink = 16, RawKind = 3, RouteProtocol = 0, IPv6AddressGroup = 0x100;
    const short Readable = 1;
    const int Tentative = 0x40;

    /// <summary>The first usable address that matches, now or later. The test fails when there is none in time.</summary>
    public static Task<DeviceAddress> WaitForAddressAsync(this LabHost host, Func<DeviceAddress, bool> matches) =>
        Task.Run(() => host.Run(() => Wait(matches)
            ?? throw new AssertionException($"{host.Name} did not get the address that was waited for; it has\n{string.Join('\n', Addresses())}")));

    /// <summary>The addresses that the host has.</summary>
    public static IReadOnlyList<DeviceAddress> Addresses(this LabHost host) => host.Run(() => Addresses().ToList());

    static DeviceAddress? Wait(Func<DeviceAddress, bool> matches)
    {
        var end = DateTimeOffset.UtcNow + Patience.Limit;
        int socket = Open();
        try
        {
            while (true)
            {
                if (Addresses().FirstOrDefault(matches) is { } found)
                    return found;
                if (!WaitForChange(socket, end - DateTimeOffset.UtcNow))
                    return null;
            }
        }
        finally
        {
            _ = Native.Close(socket);
        }
    }

    static int Open()
    {
        int socket = Native.Socket(Netlink, RawKind, RouteProtocol);
        uint* address = stackalloc uint[] { Netlink, 0, IPv6AddressGroup }; // family and padding, port, groups
        if (socket < 0 || Native.Bind(socket, (byte*)address, 3 * sizeof(uint)) != 0)
            throw new InvalidOperationException("No netlink socket.");
        return socket;
    }

    static bool WaitForChange(int socket, TimeSpan limit)
    {
        var wanted = new Native.PollDescriptor { Descriptor = socket, Events = Readable };
        if (limit <= TimeSpan.Zero || Native.Poll(&wanted, 1, (int)limit.TotalMilliseconds) <= 0)
            return false;
        byte* buffer = stackalloc byte[8192];
        _ = Native.Receive(socket, buffer, 8192, 0);
        return true;
    }

    // Of the calling thread's namespace: address, index, prefix length, scope, flags (each hexadecimal), name.
    static IEnumerable<DeviceAddress> Addresses() => File.ReadLines("/proc/thread-self/net/if_inet6")
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => (int.Parse(fields[4], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Tentative) == 0)
        .Select(fields => new DeviceAddress(fields[5], new(Convert.FromHexString(fields[0])), DateTimeOffset.UtcNow));
}
