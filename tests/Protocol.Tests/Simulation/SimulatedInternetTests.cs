using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

public sealed class SimulatedInternetTests : SimulationTest
{
    [Test]
    public void SameSeed_GivesTheSameTrace_AnotherSeedAnother()
    {
        string first = Trace(7), again = Trace(7), other = Trace(8);
        Assert.Multiple(() =>
        {
            Assert.That(first.Split('\n'), Has.Length.GreaterThan(1000));
            Assert.That(again, Is.EqualTo(first));
            Assert.That(other, Is.Not.EqualTo(first));
        });
    }

    [Test]
    public void RandomStreams_OfOneSeed_AreIndependentOfEachOthersUse()
    {
        byte[] alone = new byte[100], after = new byte[100];
        new SimulatedRandom(5).Derive(3).Fill(alone);
        var root = new SimulatedRandom(5);
        root.Fill(new byte[64]);
        root.Derive(2).Fill(new byte[64]);
        root.Derive(3).Fill(after);
        Assert.That(after, Is.EqualTo(alone));
    }

    [Test]
    public void Random_Next_IsUniform()
    {
        var random = new SimulatedRandom(1);
        int[] counts = new int[10];
        for (int i = 0; i < 10_000; i++)
            counts[random.Next(10)]++;
        Assert.That(counts, Is.All.InRange(850, 1150)); // five standard deviations (30)
    }

    [Test]
    public void At_EventsOfOneInstant_HappenInTheOrderScheduled()
    {
        List<string> order = [];
        Internet.At(Instant.FromSeconds(2), () => order.Add("later"));
        Internet.At(Instant.FromSeconds(1), () => order.Add("first"));
        Internet.At(Instant.FromSeconds(1), () => order.Add("second"));
        Internet.RunFor(Second);
        Assert.That(string.Join(", ", order), Is.EqualTo("first, second"));
        Internet.RunFor(Second);
        Assert.That(order[^1], Is.EqualTo("later"));
    }

    [Test]
    public void RunUntil_ConditionHolds_StopsThere_ElseAtTheLimit()
    {
        bool rang = false;
        Internet.At(Instant.FromSeconds(3), () => rang = true);
        Assert.Multiple(() =>
        {
            Assert.That(Internet.RunUntil(() => rang, 2 * Second), Is.False);
            Assert.That(Internet.Now, Is.EqualTo(Instant.FromSeconds(2)));
            Assert.That(Internet.RunUntil(() => rang, 100 * Second), Is.True);
            Assert.That(Internet.Now, Is.EqualTo(Instant.FromSeconds(3)));
        });
    }

    [Test]
    public void RunFor_SomethingAnswersItselfWithoutDelay_IsAnErrorThatSaysSo()
    {
        void Again() => Internet.At(Internet.Now, Again);
        Again();
        Assert.That(() => Internet.RunFor(Second), Throws.InvalidOperationException.With.Message.Contains("without delay"));
    }

    [Test]
    public void DatagramSent_ShowsEachStepOfADatagram()
    {
        var nat = Internet.Nat(NatKind.Cone);
        var socket = nat.Host("inside").Bind(5000);
        var remote = Internet.Host("x").Bind(1000);
        List<SimulatedDatagram> sent = [];
        Internet.DatagramSent += sent.Add;
        SourceSeen(socket, remote);
        Assert.Multiple(() =>
        {
            Assert.That(string.Join(", ", sent.Select(datagram => datagram.From.Name)), Is.EqualTo("inside, nat"));
            Assert.That(sent.Select(datagram => datagram.Source.Address), Is.EqualTo(new[] { socket.LocalEndpoint.Address, nat.ExternalAddress }));
            Assert.That(sent.Select(datagram => datagram.Ttl), Is.EqualTo(new byte[] { 64, 63 }));
            Assert.That(sent.Select(datagram => datagram.Target), Is.All.EqualTo(remote.LocalEndpoint));
        });
    }

    [Test]
    public void MoveTo_AnotherNetwork_TheSocketMovesAlong()
    {
        var (first, second) = (Internet.Nat(NatKind.Cone), Internet.Nat(NatKind.Cone));
        var host = first.Host("inside");
        var (socket, remote) = (host.Bind(5000), Internet.Host("x").Bind(1000));
        var external = SourceSeen(socket, remote);
        host.MoveTo(second);
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(socket, remote).Address, Is.EqualTo(second.ExternalAddress));
            Assert.That(second.InsideSubnet.Contains(host.Address), Is.True);
            Assert.That(socket.LocalEndpoint, Is.EqualTo(new IPv4Endpoint(host.Address, 5000)));
            Assert.That(Reaches(remote, external, socket), Is.False);
        });
    }

    [Test]
    public void NativeNodes_PingEachOther()
    {
        var (a, b) = (Internet.NativeNode("a"), Internet.NativeNode("b"));
        var ping = a.Ping(b.Address);
        a.SendUdp(1, b.Address, 2, [1, 2, 3]);
        Internet.RunFor(Second);
        Assert.Multiple(() =>
        {
            Assert.That(ping.RoundTrip, Is.EqualTo(TimeSpan.FromMilliseconds(100)));
            Assert.That(b.Datagrams.Single().Payload.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(b.Datagrams[0].SourcePort, Is.EqualTo(1));
            Assert.That(a.Ping(new(a.Address.High + 100, 1)).Completed, Is.False, "nobody is there");
        });
    }

    static string Trace(ulong seed)
    {
        var internet = new SimulatedInternet(seed) { Loss = 0.1, Jitter = TimeSpan.FromMilliseconds(20) };
        internet.Core.Duplication = internet.Core.Reordering = 0.05;
        List<string> lines = [];
        internet.DatagramSent += datagram => lines.Add(datagram.ToString());
        internet.DatagramLost += (datagram, loss) => lines.Add($"{datagram} lost: {loss}");
        var echo = internet.Host("echo").Bind(7);
        echo.DatagramReceived += datagram => echo.Send(datagram.Source, datagram.Payload.Span);
        var sockets = Enum.GetValues<NatKind>().Select(kind => internet.Nat(kind).Host($"host-{kind}").Bind()).ToList();
        for (int i = 0; i < 40; i++)
        {
            foreach (var socket in sockets)
                socket.Send(echo.LocalEndpoint, new byte[i]);
            internet.RunFor(TimeSpan.FromMilliseconds(10));
        }
        internet.RunFor(TimeSpan.FromSeconds(1));
        return string.Join('\n', lines);
    }
}
