using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TeredoSdk.Protocol.Tests.Data;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>A capture of a host's device by tcpdump, to a pcap file in the lab's scratch folder.</summary>
sealed partial class Capture
{
    const int LargestWhole = 2048, BufferKilobytes = 65536;

    static int Captures;
    readonly LabProcess _tcpdump;

    Capture(LabProcess tcpdump, string path) => (_tcpdump, Path) = (tcpdump, path);

    public string Path { get; }

    /// <summary>Starts a capture; every packet from here on is in it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">One of its devices (not "any").</param>
    /// <param name="filter">What to capture, as tcpdump has it; empty: all.</param>
    /// <param name="hasTrains">Whether datagrams may be joined to trains. Without them, 32768 frames have room that tcpdump has not taken yet.</param>
    public static async Task<Capture> StartAsync(LabHost host, string device = "eth0", string filter = "", bool hasTrains = true)
    {
        string path = System.IO.Path.Combine(host.Lab.Scratch, $"{host.Name}-{device}-{Interlocked.Increment(ref Captures)}.pcap");
        string[] expression = filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // each frame takes as much room in the buffer as the largest may
        string[] room = hasTrains ? ["-s", "0"] : ["-s", $"{LargestWhole}", "-B", $"{BufferKilobytes}"];
        var tcpdump = host.Start("tcpdump", ["-Z", "root", "-n", "--immediate-mode", .. room, "-i", device, "-w", path, .. expression]);
        await tcpdump.WaitForLineAsync("listening on");
        return new(tcpdump, path);
    }

    /// <summary>Ends the capture, and has tcpdump decode the IPv6 packets inside its UDP datagrams, with their checksums.</summary>
    public async Task<string> DecodeInnerAsync(LabHost host)
    {
        string path = await WriteInnerAsync(await StopAsync());
        await host.ShellAsync($"tcpdump -n -vv -r {path} >{path}.txt 2>/dev/null"); // too much for a transcript
        return await File.ReadAllTextAsync($"{path}.txt");
    }

    /// <summary>
    /// Ends the capture, and judges the TCP segments inside its UDP datagrams: tshark looks for errors, malformed ones and wrong checksums of both sides,
    /// <see cref="CapturedSegment.FaultsOf"/> for what no TCP may send, if tcpdump lost nothing. Payloads are mere data: tshark would take random octets
    /// for Thrift, and find errors in it.
    /// </summary>
    /// <param name="host">Whose segments must follow the rules of TCP. tshark runs there.</param>
    /// <returns>A line for each fault.</returns>
    public async Task<string[]> JudgeInnerAsync(LabHost host)
    {
        var frames = await StopAsync();
        var senders = frames.Select(frame => frame.Udp).OfType<CapturedDatagram>()
            .Where(udp => IsIPv6(udp.Payload) && udp.Source.Address.ToIPAddress().Equals(host.Address))
            .Select(udp => new IPAddress(udp.Payload.AsSpan(8, 16))).ToHashSet();
        string path = await WriteInnerAsync(frames);
        string tshark = $"tshark -n -d tcp.port==1-65535,data -o tcp.check_checksum:TRUE -r {path}";
        string fields = string.Join(" -e ", CapturedSegment.Fields);
        await host.ShellAsync($$"""
            { {{tshark}} -Y '_ws.malformed || tcp.checksum.status == 0 || _ws.expert.severity == error' >{{path}}.txt &&
              {{tshark}} -Y tcp -T fields -E occurrence=f -e {{fields}} >{{path}}.tcp; } 2>{{path}}.errors || { cat {{path}}.errors; exit 1; }
            """);
        CapturedSegment[] segments = [.. (await File.ReadAllLinesAsync($"{path}.tcp")).Select(CapturedSegment.Parse)];
        string[] faults = await File.ReadAllLinesAsync($"{path}.txt");
        TestContext.Out.WriteLine($"{segments.Length} segments; tcpdump lost {Lost} frames{(Lost > 0 ? ", so their order was not judged" : "")}.");
        return Lost > 0 ? faults : [.. faults, .. CapturedSegment.FaultsOf(segments, senders)];
    }

    /// <summary>How many frames tcpdump was too slow for. Only once it has ended.</summary>
    int Lost => int.Parse(DropCount().Match(_tcpdump.Errors).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) packets? dropped by kernel")]
    private static partial Regex DropCount();

    async Task<string> WriteInnerAsync(IReadOnlyList<CapturedFrame> frames)
    {
        string path = System.IO.Path.ChangeExtension(Path, "inner.pcap");
        await using (var file = new BinaryWriter(File.Create(path)))
        {
            uint[] header = [0xA1B2C3D4, 4 << 16 | 2, 0, 0, ushort.MaxValue, 101]; // pcap 2.4, raw IP packets
            foreach (uint word in header)
                file.Write(word);
            foreach (var frame in frames)
            {
                if (frame.Udp?.Payload is not { } packet || !IsIPv6(packet))
                    continue;
                var (seconds, rest) = Math.DivRem((long)frame.Time.TotalMicroseconds, 1_000_000);
                foreach (int word in new[] { (int)seconds, (int)rest, packet.Length, packet.Length })
                    file.Write(word);
                file.Write(packet);
            }
        }
        return path;
    }

    static bool IsIPv6(byte[] payload) => payload is [>= 6 << 4 and < 7 << 4, ..] and { Length: > 40 };

    /// <summary>Ends the capture and reads it.</summary>
    public async Task<IReadOnlyList<CapturedFrame>> StopAsync()
    {
        _tcpdump.Send(Signal.Interrupt);
        await _tcpdump.WaitForExitAsync();
        return PcapReader.Read(Path);
    }
}
