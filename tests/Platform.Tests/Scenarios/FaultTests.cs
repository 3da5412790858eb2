using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using Capture = TeredoSdk.Platform.Tests.Network.Capture;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>What goes wrong around an application that listens, and what it leaves behind.</summary>
public partial class FaultTests : LabTests
{
    const int RefreshSeconds = 5; // the shortest
    static readonly (string, string) Refresh = ("PROBE_REFRESH", $"{RefreshSeconds}");

    [Test]
    public async Task ServerKilled_AnotherOneGivesAnAddressAfterThreeUnansweredQuestions()
    {
        var lab = NewLab();
        var (first, second) = (lab.AddServer(), lab.AddServer("server2"));
        var nat = lab.AddNat("nat", NatKind.PortRestricted);
        var alice = nat.AddHost("alice");
        await lab.StartAsync();
        var server = await TeredoProgram.StartServerAsync(first);
        await TeredoProgram.StartServerAsync(second);
        var talker = await Talker.StartAsync(alice, [first, second], Refresh);
        server.Send(Signal.Kill);
        await server.WaitForExitAsync();
        var capture = await Capture.StartAsync(nat, filter: "udp dst port 3544");
        string change = await talker.Process.WaitForLineAsync(IsNewAddress);
        var questions = await capture.StopAsync();
        var answered = questions.First(frame => $"{frame.Udp!.Destination}".StartsWith($"{second.Address}:", StringComparison.Ordinal));
        // Only from the service port: the check whether the NAT keeps the mapping asks from another one.
        var unanswered = questions.Where(frame => $"{frame.Udp!.Destination}".StartsWith($"{first.Address}:", StringComparison.Ordinal)
            && frame.Udp.Source == answered.Udp!.Source).ToList();
        TestContext.Out.WriteLine($"The next server was asked {(answered.Time - unanswered[0].Time).TotalSeconds:F1} s after the first unanswered question.");
        Assert.That(unanswered, Has.Count.EqualTo(3), "4 s each (RFC 4380 §5.2.1); tests in virtual time hold the seconds");
        Assert.That(unanswered.All(question => question.Time < answered.Time));
        Assert.That(ServerOf(AddressIn(change)), Is.EqualTo(second.Address));
        Assert.That(change, Does.EndWith($"at [{AddressIn(change)}]:{talker.EndPoint.Port}"), "the listener tells the new address");
    }

    [Test]
    public async Task NatRestarted_WithinOneRefreshANewAddressIsToldAndReachable_AndOldStreamsSayWhy()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var nat = lab.AddNat("nat1", NatKind.PortRestricted);
        var (alice, neighbour) = (nat.AddHost("alice"), nat.AddHost("neighbour"));
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var listener = await Talker.StartAsync(alice, [server], Refresh);
        var caller = await Talker.StartAsync(bob, [server]);
        listener.Tell($"open mine {caller.EndPoint}");
        await listener.Process.WaitForLineAsync("mine open");
        // Another host takes the port that the NAT gave Alice, so that she gets another one.
        using var taker = neighbour.CreateUdpSocket(MappedPortOf(listener.EndPoint.Address));
        var capture = await Capture.StartAsync(nat, filter: $"udp port 3544 and host {nat.Address} and host {server.Address}");
        await nat.FlushAsync();
        taker.SendTo([0], new IPEndPoint(server.Address, 3544));
        string change = await listener.Process.WaitForLineAsync(IsNewAddress);
        // Beside what the other host sent, which the server does not answer.
        var talk = (await capture.StopAsync()).Where(frame => frame.Udp!.Payload.Length > 1);
        var untilTheAnswer = talk.TakeWhile(frame => frame.Udp!.Source.Port != 3544).ToList();
        Assert.That(untilTheAnswer, Has.Count.EqualTo(1), "the next refresh told it");
        Assert.That(change, Does.StartWith($"change AddressChanged {AddressIn(change)} {listener.EndPoint.Address} at [{AddressIn(change)}]:"));
        await listener.Process.WaitForLineAsync("mine ended with AddressChanged");
        var call = await caller.CallAsync(new IPEndPoint(AddressIn(change), listener.EndPoint.Port));
        Assert.That(call.Connected, Is.True, call.Text);
    }

    [Test]
    public async Task ThirtyPercentLoss_EachTransferStillCompletes()
    {
        // TCP doubles its waits, up to two minutes: a transfer of 32 KiB took more than three minutes now and then, and one of them more than ten.
        const int octets = 8 * 1024, transfers = 4;
        var (server, alice, bob) = await StartTwoHomesAsync();
        var listener = await Talker.StartAsync(alice, [server]);
        var sender = await Talker.StartAsync(bob, [server]);
        for (int i = 0; i < transfers; i++)
        {
            sender.Tell(string.Create(CultureInfo.InvariantCulture, $"send data{i} {listener.EndPoint} {octets}"));
            await sender.Process.WaitForLineAsync($"data{i} open");
        }
        await bob.SetLossAsync(0.3);
        sender.Tell("go");
        for (int i = 0; i < transfers; i++)
            TestContext.Out.WriteLine(await sender.Process.WaitForLineAsync(line => line.StartsWith($"data{i} done", StringComparison.Ordinal), Patience.LongLimit));
    }

    [Test]
    public async Task HeapOfOneGigabyte_WrittenAnewWhileListening_TakesNoMemoryTwice()
    {
        const int allowedMiB = 64; // a copy would be 1024
        var (alice, server) = await StartOneHostAsync();
        var heap = Talker.Run(alice, [server], "heap");
        string line = await heap.WaitForLineAsync("grown by");
        Assert.That(await heap.WaitForExitAsync(), Is.Zero);
        TestContext.Out.WriteLine(line);
        Assert.That(int.Parse(Number().Match(line).Value, CultureInfo.InvariantCulture), Is.LessThan(allowedMiB));
    }

    [Test]
    public async Task ProcessKilled_LeavesNoChildNoNamespaceAndNoDevice()
    {
        var (alice, server) = await StartOneHostAsync();
        var talker = await Talker.StartAsync(alice, [server]);
        var networks = NetworksHeldBy(talker.Process.Id).Except([alice.Namespace.Identity]).ToList();
        Assert.That(networks, Has.Count.EqualTo(1), "its private network");
        Assert.That(Holders(networks), Is.EqualTo(new[] { talker.Process.Id }));
        talker.Process.Send(Signal.Kill);
        await talker.Process.WaitForExitAsync();
        Assert.That(talker.Process.OutputIsHeldOpen, Is.False, "a child has its output");
        Assert.That(Holders(networks), Is.Empty, "what has the private network open");
        Assert.That(await alice.RunAsync("ip", "-o", "link"), Does.Not.Contain("teredo"));
    }

    [Test]
    public async Task FiveHundredSockets_OpenedAndClosed_LeaveNoDescriptor()
    {
        var (alice, server) = await StartOneHostAsync();
        var sockets = Talker.Run(alice, [server], "sockets");
        string line = await sockets.WaitForLineAsync("descriptors ");
        Assert.That(await sockets.WaitForExitAsync(), Is.Zero);
        var counts = Number().Matches(line).Select(match => int.Parse(match.Value, CultureInfo.InvariantCulture)).ToList();
        Assert.That(counts[1], Is.LessThanOrEqualTo(counts[0]), line);
    }

    async Task<(LabHost Host, LabHost Server)> StartOneHostAsync()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        return (alice, server);
    }

    static bool IsNewAddress(string line) => line.StartsWith("change AddressChanged ", StringComparison.Ordinal)
        || line.StartsWith("change Regained ", StringComparison.Ordinal);

    // change KIND ADDRESS PREVIOUS at ENDPOINT
    static IPAddress AddressIn(string change) => IPAddress.Parse(change.Split(' ')[2]);

    // RFC 4380 §4: prefix 32 | server 32 | flags 16 | port 16, inverted | client 32, inverted.
    static IPAddress ServerOf(IPAddress address) => new(address.GetAddressBytes().AsSpan(4, 4));

    static int MappedPortOf(IPAddress address) => address.GetAddressBytes() is var octets ? 0xFFFF ^ ((octets[10] << 8) | octets[11]) : 0;

    static List<string> NetworksHeldBy(int process) =>
        [.. OpenFilesOf(process).Where(file => file.StartsWith("net:[", StringComparison.Ordinal)).Distinct()];

    static List<int> Holders(List<string> networks) => [.. Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0)
        .Where(id => id != 0 && OpenFilesOf(id).Any(networks.Contains))];

    // Of all, and the namespace it is in. It may end meanwhile.
    static List<string> OpenFilesOf(int process)
    {
        try
        {
            return [.. Directory.EnumerateFiles($"/proc/{process}/fd").Append($"/proc/{process}/ns/net")
                .Select(path => new FileInfo(path).LinkTarget ?? "").Select(target => Path.GetFileName(target))];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [GeneratedRegex("-?[0-9]+")]
    private static partial Regex Number();
}
