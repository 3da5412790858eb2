using System.Globalization;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>Waits for programs to open their ports.</summary>
static class PortWatch
{
    /// <summary>Waits until a number of UDP sockets over IPv4 are bound to a port.</summary>
    public static Task WaitForUdpPortAsync(this LabHost host, int port, int sockets = 1) => Task.Run(() => host.Run(() =>
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        bool open = SpinWait.SpinUntil(() => LocalEnds().Count(local => local.EndsWith(suffix, StringComparison.Ordinal)) >= sockets, Patience.Limit);
        return open ? true : throw new AssertionException($"Nothing opened UDP port {port} in {host.Name}.\n{host.Lab.Transcript}");
    }));

    // Of the calling thread's namespace: number, local end, remote end, ...
    static IEnumerable<string> LocalEnds() => File.ReadLines("/proc/thread-self/net/udp").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
}
