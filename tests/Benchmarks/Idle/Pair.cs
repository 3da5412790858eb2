using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Idle;

/// <summary>What was measured of one way in one round.</summary>
/// <param name="ResidentMB">Resident memory of one idle client with all its processes, in millions of octets.</param>
/// <param name="FirstPing">The round trip to a peer that was never met, in milliseconds, like the following ones.</param>
/// <param name="FirstConnection">From the call to the end of <c>connect</c>, to a peer that was never met.</param>
/// <param name="RoundTrip">Of an idle tunnel, median.</param>
/// <param name="P99">The same, the 99th of 100.</param>
sealed record Reading(double ResidentMB, double FirstPing, double FirstConnection, double RoundTrip, double P99);

/// <summary>A client for the whole machine.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="StartAsync">Starts one that asks a server, and waits for its address.</param>
sealed record Way(string Name, Func<LabHost, LabHost, Task<(LabProcess Process, IPAddress Address)>> StartAsync)
{
    public static Way Miredo { get; } = new("miredo", async (host, server) =>
    {
        var client = await TeredoSdk.Platform.Tests.Programs.Miredo.StartClientAsync(host, server);
        return (client.Process, client.Address);
    });

    public static Way Of(string name, string teredo) => new(name, async (host, server) =>
    {
        const string has = "interface teredo has ";
        var process = host.Start(teredo, ["client", .. TeredoProgram.Asking(server)], new());
        return (process, IPAddress.Parse((await process.WaitForLineAsync(line => line.StartsWith(has, StringComparison.Ordinal)))[has.Length..]));
    });
}

/// <summary>Two clients, each behind a NAT of its own, which never met when they start.</summary>
static partial class Pair
{
    const int Port = 5001;
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(8); // until all of a start is over, and what it needed is given back

    public static async Task<Reading> MeasureAsync(Way way, string server, int pings)
    {
        double connection = await WithAsync(way, server, (_, from, to, address) => ConnectAsync(from, to, address));
        return await WithAsync(way, server, async (process, from, _, address) =>
        {
            double resident = Resident(process.Id) / 1e6;
            double first = (await PingAsync(from, address, 1))[0];
            double[] all = await PingAsync(from, address, pings);
            return new Reading(resident, first, connection, all[all.Length / 2], all[(int)(all.Length * 0.99)]);
        });
    }

    static async Task<T> WithAsync<T>(Way way, string teredo, Func<LabProcess, LabHost, LabHost, IPAddress, Task<T>> measure)
    {
        await using var lab = new Lab();
        var server = lab.AddServer();
        var one = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("one");
        var other = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("other");
        await lab.StartAsync();
        string[] addresses = [.. server.Links[0].Addresses.Select(address => address.Split('/')[0])];
        var serving = server.Start(teredo, ["server", "--address", addresses[0], "--secondary-address", addresses[1], "--allow-private"]);
        await serving.WaitForLineAsync("serving on");
        // The server has run its code for others before.
        await PingAsync(one, (await StartAsync()).Address, 1);
        foreach (var process in lab.Processes.Where(process => process != serving))
        {
            process.Send(Signal.Terminate);
            await process.WaitForExitAsync();
        }
        var (client, peer) = await StartAsync();
        await Task.Delay(Settling);
        return await measure(client, one, other, peer);

        async Task<(LabProcess Process, IPAddress Address)> StartAsync()
        {
            var clients = await Task.WhenAll(way.StartAsync(one, server), way.StartAsync(other, server));
            return (clients[0].Process, clients[1].Address);
        }
    }

    static async Task<double> ConnectAsync(LabHost from, LabHost to, IPAddress address)
    {
        using var listener = to.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, Port));
        listener.Listen();
        using var socket = from.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        long start = Stopwatch.GetTimestamp();
        await Task.Run(() => socket.Connect(new IPEndPoint(address, Port)));
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    // The round trips in milliseconds, the shortest first.
    static async Task<double[]> PingAsync(LabHost from, IPAddress address, int count)
    {
        string output = await from.ShellAsync($"ping -6 -n -c {count} -i 0.002 -W 10 {address}");
        double[] times = [.. Times().Matches(output).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).Order()];
        return times.Length > 0 ? times : throw new InvalidOperationException($"No answer: {output}");
    }

    // In octets, with the processes that it started.
    static long Resident(int process)
    {
        var lines = File.ReadAllLines($"/proc/{process}/status");
        var kilobytes = lines.First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
        string children = File.ReadAllText($"/proc/{process}/task/{process}/children");
        return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024
            + children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(child => Resident(int.Parse(child, CultureInfo.InvariantCulture)));
    }

    [GeneratedRegex("time=([0-9.]+) ms")]
    private static partial Regex Times();
}
