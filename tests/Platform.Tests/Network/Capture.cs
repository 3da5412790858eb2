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

    /// <summary>Ends the capture, and has tcpdump decode the IPv6 packets inside its UDP datagrams, with their checksums.</summary>
    public async Task<string> DecodeInnerAsync(LabHost host)
    {
        string path = await WriteInnerAsync();
        await host.ShellAsync($"tcpdump -n -vv -r {path} >{path}.txt 2>/dev/null"); // too much for a transcript
        return await File.ReadAllTextAsync($"{path}.txt");
    }

    /// <summary>Ends the capture, and has tshark judge the IPv6 packets inside its UDP datagrams.</summary>
    /// <param name="host">Where tshark runs.</param>
    /// <param name="filter">What to return, as tshark's display filters have it.</param>
    /// <returns>A line for each packet that the filter names.</returns>
    public async Task<string[]> JudgeInnerAsync(LabHost host, string filter)
    {
        string path = await WriteInnerAsync();
        await host.ShellAsync($"tshark -n -o tcp.check_checksum:TRUE -r {path} -Y '{filter}' >{path}.txt 2>{path}.errors || {{ cat {path}.errors; exit 1; }}");
        return await File.ReadAllLinesAsync($"{path}.txt");
    }

    async Task<string> WriteInnerAsync()
    {
        string path = System.IO.Path.ChangeExtension(Path, "inner.pcap");
        await using (var file = new BinaryWriter(File.Create(path)))
        {
            uint[] header = [0xA1B2C3D4, 4 << 16 | 2, 0, 0, ushort.MaxValue, 101]; // pcap 2.4, raw IP packets
            foreach (uint word in header)
                file.Write(word);
            foreach (var frame in await StopAsync())
            {
                if (frame.Udp?.Payload is not { Length: > 40 } packet || packet[0] >> 4 != 6)
                    continue;
                foreach (int word in new[] { (int)frame.Time.TotalSeconds, frame.Time.Microseconds, packet.Length, packet.Length })
                    file.Write(word);
                file.Write(packet);
            }
        }
        return path;
    }

    /// <summary>Ends the capture and reads it.</summary>
    public async Task<IReadOnlyList<CapturedFrame>> StopAsync()
    {
        _tcpdump.Send(Signal.Interrupt);
        await _tcpdump.WaitForExitAsync();
        return PcapReader.Read(Path);
    }
}
