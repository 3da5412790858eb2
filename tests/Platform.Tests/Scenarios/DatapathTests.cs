using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using Capture = TeredoSdk.Platform.Tests.Network.Capture;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>What bursts, cut and joined packets must not change: whole-machine clients behind NATs, with the kernel's own TCP on both ends.</summary>
public partial class DatapathTests : LabTests
{
    const int StreamOctets = 3_000_000, Port = 5000;

    /// <summary>A host with a client that has an address.</summary>
    sealed record Home(LabHost Host, LabProcess Client, IPAddress Address);

    async Task<Home[]> StartAsync(int homes, Func<LabHost, Task>? prepare = null)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        LabHost[] hosts = [.. Enumerable.Range(1, homes).Select(i => lab.AddNat($"nat{i}", NatKind.PortRestricted).AddHost($"home{i}"))];
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        if (prepare is not null)
            await prepare(hosts[0]);
        return await Task.WhenAll(hosts.Select(StartClientAsync));

        async Task<Home> StartClientAsync(LabHost host)
        {
            var (client, address) = await TeredoProgram.StartClientAsync(host, server, "--verbose");
            return new(host, client, address);
        }
    }

    // tcpdump decodes what was on the wire: each inner packet as it left, out of the UDP datagram around it.
    [Test]
    public async Task SegmentsOnTheWire_HaveRightChecksums_AndTheOptionsOfTheKernel()
    {
        var homes = await StartAsync(2, host => host.CutTrainsAsync());
        var capture = await Capture.StartAsync(homes[0].Host, filter: "udp");
        await TransferAsync(homes[0], homes[1]);
        string decoded = await capture.DecodeInnerAsync(homes[0].Host);
        string[] data = [.. decoded.Split('\n').Where(line => line.Contains("Flags [", StringComparison.Ordinal) && SegmentLength().IsMatch(line))];
        Assert.Multiple(() =>
        {
            Assert.That(decoded.Split('\n').Where(line => line.Contains("incorrect", StringComparison.Ordinal) || line.Contains(" bad ", StringComparison.Ordinal)), Is.Empty);
            Assert.That(data, Has.Length.GreaterThanOrEqualTo(StreamOctets / 1208 / 4), "tcpdump loses some when the machine is busy");
            Assert.That(data.Where(line => !line.Contains("(correct)", StringComparison.Ordinal) || !line.Contains("TS val", StringComparison.Ordinal)), Is.Empty);
            Assert.That(data.Count(line => line.Contains("Flags [P.]", StringComparison.Ordinal)), Is.InRange(1, data.Length / 2), "PSH stands on the last segment of a write only");
            Assert.That(decoded.Contains("Flags [F.]", StringComparison.Ordinal) || decoded.Contains("Flags [FP.]", StringComparison.Ordinal), "the end came, too");
        });
    }

    [Test]
    public async Task CongestionMarks_ReachTheReceiver_AndTheSenderHearsOfThem()
    {
        var homes = await StartAsync(2);
        foreach (var home in homes)
            home.Host.Set("ipv4/tcp_ecn", "1");
        await homes[0].Host.ShellAsync("""
            nft -f - <<'RULES'
            table ip6 marks {
              chain leaving { type filter hook postrouting priority 0; oifname "teredo" ip6 ecn ect0 ip6 ecn set ce; }
            }
            RULES
            """);
        await TransferAsync(homes[0], homes[1]);
        Assert.That(await CountAsync(homes[1].Host, "Ip6InCEPkts"), Is.Positive);
        Assert.That(await CountAsync(homes[1].Host, "Ip6InECT0Pkts"), Is.Zero, "no packet lost its mark when it was cut or joined");
        Assert.That(await CountAsync(homes[0].Host, "TcpExtTCPDeliveredCE"), Is.Positive, "ECE came back");
    }

    [Test]
    public async Task LossOnTheWay_IsMendedBySelectiveAcknowledgements()
    {
        var homes = await StartAsync(2);
        await homes[0].Host.SetLossAsync(0.01);
        await TransferAsync(homes[0], homes[1]);
        Assert.That(await CountAsync(homes[0].Host, "TcpExtTCPSackRecovery"), Is.Positive, "the blocks of the receiver came whole");
    }

    // Linux before 6.11 says EIO to UDP_SEGMENT there; later ones cut the message themselves.
    [Test]
    public async Task DevicesThatComputeNoChecksums_CarryPayloadsIntact()
    {
        var homes = await StartAsync(2, host => host.ShellAsync("ethtool -K eth0 tx off rx off >/dev/null"));
        await Task.WhenAll(TransferAsync(homes[0], homes[1]), TransferAsync(homes[1], homes[0], Port + 1));
    }

    [Test]
    public async Task StalledReceiver_HoldsUpNoOtherPeer_AndTrainsOfSeveralPeersMix()
    {
        var homes = await StartAsync(3);
        var (alice, bob, carol) = (homes[0], homes[1], homes[2]);
        var (toBob, atBob) = await ConnectAsync(alice, bob);
        byte[] payload = RandomNumberGenerator.GetBytes(4 * StreamOctets);
        var sending = SendAsync(toBob, payload);
        await Waiting(async () => await alice.Host.RunAsync("ss", "-tnH", "state", "established", "dst", $"[{bob.Address}]"), text => QueuedOctets(text) > 0);
        Assert.That(sending.IsCompleted, Is.False, "bob does not read, and no window takes all");

        await Task.WhenAll(TransferAsync(carol, alice, Port + 1), TransferAsync(alice, carol, Port + 2));
        await alice.Host.PingAsync(bob.Address);
        Assert.That(sending.IsCompleted, Is.False);

        var (toAlice, atAlice) = await ConnectAsync(bob, alice, Port + 3); // now bob and carol send to alice at once
        await Task.WhenAll(ReceiveAsync(atBob, payload), sending, SendAsync(toAlice, payload), ReceiveAsync(atAlice, payload), TransferAsync(carol, alice, Port + 4));
    }

    /// <summary>Sends random octets over a new connection, and makes sure that they arrive as they were.</summary>
    static async Task TransferAsync(Home from, Home to, int port = Port)
    {
        var (near, far) = await ConnectAsync(from, to, port);
        byte[] payload = RandomNumberGenerator.GetBytes(StreamOctets);
        await Task.WhenAll(SendAsync(near, payload), ReceiveAsync(far, payload));
    }

    static async Task<(Socket Near, Socket Far)> ConnectAsync(Home from, Home to, int port = Port)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var listener = to.Host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(to.Address, port));
        listener.Listen();
        var near = from.Host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        var accepting = listener.AcceptAsync(limit.Token);
        await near.ConnectAsync(new IPEndPoint(to.Address, port), limit.Token);
        return (near, await accepting);
    }

    static async Task SendAsync(Socket socket, byte[] payload)
    {
        using var limit = new CancellationTokenSource(Patience.LongLimit);
        using (socket)
        {
            for (int sent = 0; sent < payload.Length;)
                sent += await socket.SendAsync(payload.AsMemory(sent), limit.Token);
            socket.Shutdown(SocketShutdown.Send);
            Assert.That(await socket.ReceiveAsync(new byte[1], limit.Token), Is.Zero, "the receiver has read to the end");
        }
    }

    static async Task ReceiveAsync(Socket socket, byte[] expected)
    {
        using var limit = new CancellationTokenSource(Patience.LongLimit);
        using (socket)
        {
            byte[] received = new byte[expected.Length + 1];
            int length = await new NetworkStream(socket).ReadAtLeastAsync(received, received.Length, throwOnEndOfStream: false, limit.Token);
            Assert.That(received.AsSpan(0, length).SequenceEqual(expected), $"{length} octets came");
        }
    }

    static async Task Waiting(Func<Task<string>> read, Func<string, bool> isThere)
    {
        for (long limit = Environment.TickCount64 + (long)Patience.Limit.TotalMilliseconds; !isThere(await read()); await Task.Delay(50))
            Assert.That(Environment.TickCount64, Is.LessThan(limit), "it did not come to that");
    }

    // ss: "recv-q send-q local peer".
    static int QueuedOctets(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [_, var queued, ..] ? int.Parse(queued, CultureInfo.InvariantCulture) : 0;

    // nstat: "name value rate".
    static async Task<long> CountAsync(LabHost host, string counter) =>
        long.Parse((await host.ShellAsync($"nstat -asz {counter}")).Split('\n').Single(line => line.StartsWith(counter, StringComparison.Ordinal))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    [GeneratedRegex(@", length [1-9]\d*$")]
    private static partial Regex SegmentLength();
}
