using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>What one host can make a server do: reflection, amplification, rates, memory.</summary>
public class ServerLimitTests
{
    static readonly TeredoServerOptions Limited = Options with { RateLimits = new(), ForwardNative = true };

    [Test]
    public void Advertisement_IsNeverMoreThan117Of48OctetsOfTheSolicitation()
    {
        var server = new ServerHarness();
        foreach (byte[] solicitation in new[] { Vectors.Tv01, Vectors.Tv03 })
            Assert.That(server.Answer(MappedA, solicitation).Length * 48, Is.LessThanOrEqualTo(solicitation.Length * 117));
        Assert.That(new ServerHarness(ServerQualificationTests.Secure()).Answer(MappedA, Vectors.Tv05).Length * 90, Is.LessThanOrEqualTo(Vectors.Tv05.Length * 146));
    }

    [Test]
    public void Forward_IsNeverMoreThanEightOctetsLonger()
    {
        var server = new ServerHarness(Options with { ForwardNative = true });
        foreach (byte[] datagram in new[] { Vectors.Tv07, Vectors.Tv09, Vectors.Tv12, Vectors.Tv15, Echo(A, B, 80), Echo(A, TeredoLinkLocal.Server(Primary), 80) })
            Assert.That(server.Answer(MappedA, datagram).Length, Is.LessThanOrEqualTo(datagram.Length + 8));
    }

    static int Count(IEnumerable<bool> handled) => handled.Count(each => each);

    static bool Passes(ServerHarness server, IPv4Endpoint source, byte[] packet, double at) => server.Handle(source, packet, at: at).Verdict.Kind == VerdictKind.Consumed;

    [Test]
    public void Answers_PerEndpoint_AreFourAtOnceThenTwoPerSecond()
    {
        var server = new ServerHarness(Limited);
        int Solicit(int times, double at) => Count(Enumerable.Range(0, times).Select(_ => Passes(server, MappedA, Vectors.Tv01, at)));
        Assert.Multiple(() =>
        {
            Assert.That(Solicit(40, 0), Is.EqualTo(4));
            Assert.That(server.Server.Drops[DropReason.RateLimited], Is.EqualTo(36));
            Assert.That(server.Server.LastLimit, Is.EqualTo(ServerLimit.AnswersPerEndpoint));
            Assert.That(Solicit(1, 0.49), Is.Zero);
            Assert.That(Solicit(2, 0.5), Is.EqualTo(1));
            Assert.That(Solicit(10, 2), Is.EqualTo(3));
            Assert.That(server.Drop(MappedA, Echo(A, TeredoLinkLocal.Server(Primary)), at: 2), Is.EqualTo(DropReason.RateLimited), "echo replies share the limit");
            Assert.That(server.Answer(MappedB, Vectors.Tv01, at: 2).Target, Is.EqualTo(MappedB), "another source has its own");
            Assert.That(Solicit(40, 100), Is.EqualTo(4), "the burst comes back");
        });
    }

    [Test]
    public void Answers_PerAddress_Are64AtOnceThen50PerSecond()
    {
        var server = new ServerHarness(Limited);
        int Solicit(int times, double at, int firstPort) => Count(Enumerable.Range(firstPort, times)
            .Select(port => Passes(server, MappedA with { Port = (ushort)port }, Vectors.Tv01, at)));
        Assert.Multiple(() =>
        {
            Assert.That(Solicit(100, 0, 5000), Is.EqualTo(64));
            Assert.That(server.Server.LastLimit, Is.EqualTo(ServerLimit.AnswersPerAddress));
            Assert.That(Solicit(100, 1, 6000), Is.EqualTo(50));
            Assert.That(Solicit(10, 1, 5000), Is.Zero);
            Assert.That(server.Answer(MappedB, Vectors.Tv01, at: 1).Target, Is.EqualTo(MappedB));
        });
    }

    [Test]
    public void SolicitationsInAThirdPartysName_LeaveItItsAnswers()
    {
        var server = new ServerHarness(Limited);
        int answered = 0;
        for (int i = 0; i < 1200; i++) // a minute of 20 in a second, from any port but the victim's own
        {
            Passes(server, MappedA with { Port = (ushort)(1024 + i) }, Vectors.Tv01, i * 0.05);
            if (i % 80 == 0)
                answered += Passes(server, MappedA, Vectors.Tv01, i * 0.05) ? 1 : 0;
        }
        Assert.That(answered, Is.EqualTo(15));
    }

    [Test]
    public void Forwards_PerEndpoint_Are50AtOnceThen20PerSecond()
    {
        var server = new ServerHarness(Limited);
        int Forward(int times, double at) => Count(Enumerable.Range(0, times)
            .Select(i => Passes(server, MappedA, BubbleOf(A, AddressOf(new(new(0x0A000000 + (uint)i), 5000))), at)));
        Assert.Multiple(() =>
        {
            Assert.That(Forward(60, 0), Is.EqualTo(50));
            Assert.That(server.Server.LastLimit, Is.EqualTo(ServerLimit.ForwardsPerEndpoint));
            Assert.That(server.Drop(MappedA, Vectors.Tv15), Is.EqualTo(DropReason.RateLimited), "native forwards count as well");
            Assert.That(Forward(40, 1), Is.EqualTo(20));
            Assert.That(server.Answer(MappedA, Vectors.Tv01, at: 1).Length, Is.EqualTo(117), "answers do not");
        });
    }

    [Test]
    public void Forwards_PerSourceAddress_Are200AtOnceThen100PerSecond()
    {
        var server = new ServerHarness(Limited);
        int Forward(int times, double at) => Count(Enumerable.Range(0, times).Select(i =>
        {
            var source = MappedA with { Port = (ushort)(10_000 + i) };
            return Passes(server, source, BubbleOf(AddressOf(source), AddressOf(new(new(0x0A000000 + (uint)i), 5000))), at);
        }));
        Assert.Multiple(() =>
        {
            Assert.That(Forward(300, 0), Is.EqualTo(200));
            Assert.That(server.Server.LastLimit, Is.EqualTo(ServerLimit.ForwardsPerAddress));
            Assert.That(Forward(300, 1), Is.EqualTo(100));
        });
    }

    [Test]
    public void Forwards_PerDestinationAddress_Are100PerSecondFromAllSources()
    {
        var server = new ServerHarness(Limited);
        int Forward(int sources, double at) => Count(Enumerable.Range(0, sources).Select(i =>
        {
            var source = new IPv4Endpoint(new(0x0A000000 + (uint)i), 5000);
            var target = MappedB with { Port = (ushort)(10_000 + i) };
            return Passes(server, source, BubbleOf(AddressOf(source), AddressOf(target)), at);
        }));
        Assert.Multiple(() =>
        {
            Assert.That(Forward(300, 1), Is.EqualTo(100));
            Assert.That(server.Server.LastLimit, Is.EqualTo(ServerLimit.ForwardsPerDestination));
            Assert.That(Forward(300, 2), Is.EqualTo(100));
            Assert.That(Forward(300, 2.5), Is.EqualTo(50));
        });
    }

    [Test]
    public void Forwards_OfOneAddress_GetAQuarterOfWhatTheDestinationMayGet()
    {
        var server = new ServerHarness(Limited);
        int Flood(double from) => Count(Enumerable.Range(0, 1000).Select(i =>
        {
            var source = MappedA with { Port = (ushort)(10_000 + i) };
            return Passes(server, source, BubbleOf(AddressOf(source), B), from + i * 0.001);
        }));
        Assert.Multiple(() =>
        {
            Assert.That(Flood(0), Is.InRange(25, 56), "25 and 4 at once, and 25 and 2 in the second");
            Assert.That(Flood(1), Is.InRange(26, 28));
            Assert.That(Flood(2), Is.InRange(26, 28));
            for (int friend = 0; friend < 50; friend++)
            {
                var source = new IPv4Endpoint(new(0x0A000000 + (uint)friend), 5000);
                Assert.That(Passes(server, source, BubbleOf(AddressOf(source), B), 3), Is.True, $"friend {friend} gets through");
            }
        });
    }

    // The flood of one sender leaves every other its share, also one whose address differs in one bit.
    [Test]
    public void FairShare_IsThatOfOneAddress_WhateverBitsItSharesWithAFlood()
    {
        var server = new ServerHarness(Limited with { RateLimits = new() { FairShare = new(1, 1) } });
        bool Forward(uint address, int port) => new IPv4Endpoint(new(address), (ushort)port) is var source && Passes(server, source, BubbleOf(AddressOf(source), B), 0);
        const uint flood = 0x0A01_0101;
        Assert.That(Count(Enumerable.Range(10_000, 100).Select(port => Forward(flood, port))), Is.EqualTo(1 + 25), "its share, and a quarter of what the destination may get");
        Assert.That(Enumerable.Range(0, 32).Where(bit => !Forward(flood ^ (1U << bit), 5000)).ToArray(), Is.Empty);
        Assert.That(Forward(flood, 5000), Is.False);
    }

    [Test]
    public void NativeForwards_PerNetwork_Are100PerSecondFromAllSources()
    {
        var server = new ServerHarness(Limited);
        int Forward(ulong network, int sources, double at) => Count(Enumerable.Range(0, sources).Select(i =>
        {
            var source = new IPv4Endpoint(new(0x0A000000 + (uint)i), 5000);
            return Passes(server, source, Echo(AddressOf(source), new IPv6Address(network, (ulong)i)), at);
        }));
        Assert.Multiple(() =>
        {
            Assert.That(Forward(Native.High, 300, 1), Is.EqualTo(100), "whatever the host");
            Assert.That(server.Server.LastLimit, Is.EqualTo(ServerLimit.ForwardsPerDestination));
            Assert.That(Forward(Native.High + 1, 50, 1), Is.EqualTo(50), "another network has its own");
            Assert.That(Forward(Native.High, 300, 2), Is.EqualTo(100));
        });
    }

    [Test]
    public void Limits_AreOptions()
    {
        var server = new ServerHarness(Limited with { RateLimits = new() { AnswersPerEndpoint = new(1, 2), AnswersPerAddress = new(1, 3) } });
        int Solicit(int port) => Count(Enumerable.Range(0, 5).Select(_ => Passes(server, MappedA with { Port = (ushort)port }, Vectors.Tv01, 0)));
        Assert.That((Solicit(5000), Solicit(5001)), Is.EqualTo((2, 1)));
    }

    [TestCase(1, 1, true), TestCase(1_000_000, 1_000_000, true)]
    [TestCase(0, 4, false), TestCase(2, 0, false), TestCase(1_000_001, 1, false), TestCase(1, 1_000_001, false)]
    public void Limit_OutsideItsRange_IsRefused(int perSecond, int burst, bool isGood)
    {
        foreach (var property in typeof(ServerRateLimits).GetProperties())
        {
            var limits = new ServerRateLimits();
            property.SetValue(limits, new RateLimit(perSecond, burst));
            TestDelegate make = () => _ = new TeredoServer(Limited with { RateLimits = limits }, new SeededRandom(1));
            Assert.That(make, isGood ? Throws.Nothing
                : Throws.ArgumentException.With.Message.StartsWith($"{property.Name} is {perSecond} per second, {burst} at once; expected 1 to 1000000, for both."));
        }
    }

    [Test]
    public void RateLimits_SwitchedOff_LimitNothing()
    {
        var server = new ServerHarness(Options);
        for (int i = 0; i < 500; i++)
        {
            server.Answer(MappedA, Vectors.Tv01);
            server.Answer(MappedA, Vectors.Tv07);
        }
        Assert.That(server.Server.Drops.Total, Is.Zero);
    }

    [Slow]
    [Test, Conformance("C-120")]
    public void Server_AMillionSources_AllocatesNothing()
    {
        var server = new TeredoServer(Limited, new SeededRandom(1));
        byte[] buffer = new byte[1500], bubble = new byte[40];
        int answered = 0;
        void Solicit(uint from, uint to)
        {
            for (uint i = from; i < to; i++)
            {
                var source = new IPv4Endpoint(new(0x0B000000 + i), 5000);
                Bubble.Write(bubble, new TeredoAddress(Primary, TeredoFlags.None, source), B);
                server.HandleDatagram(Instant.FromSeconds(i * 1e-5), LocalPort.ServerPrimary, source, Vectors.Tv01);
                server.HandleDatagram(Instant.FromSeconds(i * 1e-5), LocalPort.ServerPrimary, source, bubble);
                while (server.TryTakeTransmit(buffer, out _))
                    answered++;
            }
        }
        const uint each = 100_000;
        uint known = 0;
        Allocations.AssertNone(() => Solicit(known, known += each));
        Assert.That(known, Is.GreaterThanOrEqualTo(1_000_000));
        Assert.That(answered, Is.GreaterThanOrEqualTo(known));
    }

    [Test]
    public void SecureServer_InSteadyState_AllocatesNothing()
    {
        var server = new TeredoServer(ServerQualificationTests.Secure(), new SeededRandom(1));
        byte[] buffer = new byte[1500];
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                server.HandleDatagram(default, LocalPort.ServerPrimary, MappedA, Vectors.Tv05);
                server.TryTakeTransmit(buffer, out _);
            }
        });
    }

    [Test]
    public void HandleDatagrams_Burst_GivesAVerdictForEachSegment()
    {
        var server = new TeredoServer(Options, new SeededRandom(1));
        byte[] buffer = [.. Vectors.Tv07, .. Vectors.Tv29, .. Vectors.Tv07, .. Vectors.Tv07.AsSpan(0, 39)];
        var verdicts = new Verdict[4];
        int count = server.HandleDatagrams(default, LocalPort.ServerPrimary, MappedA, buffer, 40, verdicts);
        var malformed = Verdict.Dropped(DropReason.MalformedPacket);
        Assert.Multiple(() =>
        {
            Assert.That(count, Is.EqualTo(4));
            Assert.That(verdicts, Is.EqualTo(new[] { Verdict.Consumed, malformed, Verdict.Consumed, malformed }));
            Assert.That(() => server.HandleDatagrams(default, LocalPort.ServerPrimary, MappedA, buffer, 39, verdicts), Throws.ArgumentException.With.Message.Contains("5 segments"));
            Assert.That(() => server.HandleDatagrams(default, LocalPort.ServerPrimary, MappedA, buffer, 0, verdicts), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void TryTakeTransmit_BufferTooShort_ThrowsAndKeepsTheDatagram()
    {
        var server = new TeredoServer(Options, new SeededRandom(1));
        server.HandleDatagram(default, LocalPort.ServerPrimary, MappedA, Vectors.Tv07);
        Assert.That(() => server.TryTakeTransmit(new byte[47], out _), Throws.ArgumentException.With.Message.Contains("48"));
        Assert.That(server.HasTransmits);
        Assert.That(server.TryTakeTransmit(new byte[48], out var transmit), Is.True);
        Assert.That(server.HasTransmits, Is.False);
        Assert.That(transmit, Is.EqualTo(new Transmit { Length = 48, Via = LocalPort.ServerPrimary, Target = MappedB, Ttl = 0 }));
    }
}
