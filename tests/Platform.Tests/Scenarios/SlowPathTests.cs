using System.Diagnostics;
using System.Globalization;
using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>
/// TCP inside the process on paths that take time, carry little and lose packets, beside the kernel's TCP (CUBIC, too) through the same tunnel. How fast each was
/// is printed; the verdict is that all came back as it was, and that little was sent twice.
/// </summary>
public class SlowPathTests : LabTests
{
    static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(20);

    [TestCase(20, 0, 3_000_000)]
    [TestCase(20, 0.001, 3_000_000)]
    [TestCase(0, 0.01, 500_000)]
    public async Task TcpInTheProcess_EchoesIntact_AndSendsLittleTwice(int megabits, double loss, int octets)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        alice.Delay = OneWay;
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        if (megabits > 0)
            await alice.SetRateAsync(megabits);
        if (loss > 0)
            await alice.SetLossAsync(loss);
        await TeredoProgram.StartClientAsync(bob, server);

        var ours = await MeasureAsync((await TeredoProgram.ListenAsync(alice, server, "5000", "--echo", "--sockets", "in-process")).EndPoint);
        var (_, address) = await TeredoProgram.StartClientAsync(alice, server);
        var kernel = await MeasureAsync(alice.EchoOnce(address, 5001));

        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{megabits} Mbit/s, loss {loss:P1}: in process {ours.Megabits:F2} Mbit/s each way, {ours.Overhead:P0} beside the payload; "
            + $"kernel {kernel.Megabits:F2} Mbit/s, {kernel.Overhead:P0}; ratio {ours.Megabits / kernel.Megabits:F2}"));
        Assert.That(ours.Overhead, Is.LessThan(0.5));

        async Task<(double Megabits, double Overhead)> MeasureAsync(IPEndPoint echo)
        {
            var (before, start) = (SentBy(alice), Stopwatch.GetTimestamp());
            await bob.CallEchoAsync(echo, octets);
            return (octets * 8 / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds, (SentBy(alice) - before) / (double)octets - 1);
        }
    }

    // With all headers, and the acknowledgements for the other direction.
    static long SentBy(LabHost host) => host.Run(() => File.ReadLines("/proc/thread-self/net/dev").Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields[0] == "eth0:").Select(fields => long.Parse(fields[9], CultureInfo.InvariantCulture)).Single());
}
