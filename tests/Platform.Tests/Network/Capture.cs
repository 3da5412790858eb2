using TeredoSdk.Protocol.Tests.Data;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>A capture of a host's device by tcpdump, to a pcap file in the lab's scratch folder.</summary>
sealed class Capture
{
    static int Captures;
    readonly LabProcess _tcpdump;

    Capture(LabProcess tcpdump, string path) => (_tcpdump, Path) = (tcpdump, path);

    public string Path { get; }

    /// <summary>Starts a capture; every packet from here on is in it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">One of its devices (not "any").</param>
    /// <param name="filter">What to capture, as tcpdump has it; empty: all.</param>
    public static async Task<Capture> StartAsync(LabHost host, string device = "eth0", string filter = "")
    {
        string path = System.IO.Path.Combine(host.Lab.Scratch, $"{host.Name}-{device}-{Interlocked.Increment(ref Captures)}.pcap");
        string[] expression = filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var tcpdump = host.Start("tcpdump", ["-Z", "root", "-n", "-U", "--immediate-mode", "-s", "0", "-i", device, "-w", path, .. expression]);
        await tcpdump.WaitForLineAsync("listening on");
        return new(tcpdump, path);
    }

    /// <summary>Ends the capture and reads it.</summary>
    public async Task<IReadOnlyList<CapturedFrame>> StopAsync()
    {
        _tcpdump.Send(Signal.Interrupt);
        await _tcpdump.WaitForExitAsync();
        return PcapReader.Read(Path);
    }
}
