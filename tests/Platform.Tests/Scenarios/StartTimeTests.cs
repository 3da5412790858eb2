using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>How long an application waits for its address, beside miredo in the same lab.</summary>
public partial class StartTimeTests : LabTests
{
    const int Runs = 3;
    const double TargetFirst = 60, TargetWarm = 15; // milliseconds, printed only

    [Test]
    public async Task Listen_InAStartedProcess_AsksEachAddressOfTheServerOnce_AndIsMeasuredBesideMiredo()
    {
        // As an application is published that has to start at once.
        string probe = await NativeProgram.PublishAsync(Talker.Folder, Talker.Assembly, "-p:PublishAot=true --use-current-runtime");
        var (first, warm, miredo) = await MeasureAsync(probe);
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"first {first:F1} ms (target {TargetFirst}), warm {warm:F1} ms (target {TargetWarm}), miredo {miredo:F1} ms: {first / miredo:F2} times"));
    }

    // The bubbles need one round trip: through the server to the peer, and straight back. Then TCP needs one to open, and the first byte half of one.
    [Test]
    public async Task FirstByte_ToANewPeer_TakesOneAndAHalfRoundTripsMoreThanTheBubbles()
    {
        var oneWay = TimeSpan.FromMilliseconds(400); // much more than what computing takes
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        alice.Delay = bob.Delay = oneWay / 2;
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var (caller, peer) = (await Talker.StartAsync(alice, [server]), await Talker.StartAsync(bob, [server]));
        await caller.CallAsync(peer); // so that all code has run once
        var call = await caller.CallAsync(peer);
        Assert.That(call.Connected, Is.True, call.Text);
        double roundTrips = call.Duration / (2 * oneWay) - 0.5; // the echo came back, too
        TestContext.Out.WriteLine($"First byte after {roundTrips:F2} round trips");
        Assert.That(roundTrips, Is.InRange(2, 2.5 + 0.45), call.Text); // what computing takes, and no round trip more
    }

    // On the threads of packets; what else a first connection needs is the application's to compile, as any code of its own.
    [Test]
    public async Task FirstPackets_OfAnApplication_FindTheirCodeCompiled()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var caller = await Talker.StartAsync(alice, [server]);
        var peer = Talker.Run(bob, [server], "packets");
        string listening = await peer.WaitForLineAsync("listening ");
        var call = await caller.CallAsync(IPEndPoint.Parse(listening["listening ".Length..]));
        Assert.That(call.Connected, Is.True, call.Text);
        peer.Input.WriteLine();
        await peer.WaitForExitAsync();
        Assert.That(peer.Output, Does.Contain("on 1 threads").Or.Contain("on 2 threads"));
        Assert.That(peer.Output.Split('\n').Where(line => line.StartsWith("compiled ", StringComparison.Ordinal)), Is.Empty);
    }

    // Medians of interleaved runs: what the machine does besides meets all alike.
    async Task<(double First, double Warm, double Miredo)> MeasureAsync(string probe)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var nat = lab.AddNat("nat", NatKind.PortRestricted);
        var (ours, theirs) = (nat.AddHost("ours"), nat.AddHost("theirs"));
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        List<double> first = [], warm = [], miredo = [];
        for (int run = 0; run < Runs; run++)
        {
            var client = await Miredo.StartClientAsync(theirs, server);
            miredo.Add(client.TimeToAddress.TotalMilliseconds);
            client.Process.Send(Signal.Terminate);
            await client.Process.WaitForExitAsync();
            var capture = await Network.Capture.StartAsync(nat, filter: $"udp dst port 3544 and dst host {server.Address}");
            var started = ours.Start(probe, ["start"], StartOptions.User with { Environment = new Dictionary<string, string> { ["TEREDO_SERVER"] = $"{server.Address}" } });
            var match = Times().Match(await started.WaitForLineAsync("first "));
            first.Add(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
            warm.Add(double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
            await started.WaitForExitAsync();
            // Once cold and once warm. What takes long is a question that has to be asked again, and waiting for the second answer.
            Assert.That(await capture.StopAsync(), Has.Count.EqualTo(2), "questions to the primary address");
        }
        return (Median(first), Median(warm), Median(miredo));
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    [GeneratedRegex("^first ([0-9.]+) warm ([0-9.]+)$")]
    private static partial Regex Times();
}
