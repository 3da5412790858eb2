using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>What one host can make a server do: reflection, amplification, rates, memory.</summary>
public class ServerLimitTests
{
    static readonly TeredoServerOptions Limited = Options with { RateLimits = true, ForwardNative = true };

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

    [Test]
    public void Answers_PerSourceAddress_Are20AtOnceThen5PerSecond()
    {
        var server = new ServerHarness(Limited);
        int Solicit(int times, double at, int firstPort) => Enumerable.Range(firstPort, times)
            .Count(port => server.Handle(MappedA with { Port = (ushort)port }, Vectors.Tv01, at: at).Verdict.Kind == VerdictKind.Consumed);
        Assert.Multiple(() =>
        {
            Assert.That(Solicit(40, 0, 5000), Is.EqualTo(20), "whatever the port");
            Assert.That(server.Server.Drops[DropReason.RateLimited], Is.EqualTo(20));
            Assert.That(Solicit(1, 0.19, 6000), Is.Zero);
            Assert.That(Solicit(2, 0.2, 6000), Is.EqualTo(1));
            Assert.That(Solicit(10, 1.2, 6000), Is.EqualTo(5));
            Assert.That(server.Drop(MappedA, Echo(A, TeredoLinkLocal.Server(Primary)), at: 1.2), Is.EqualTo(DropReason.RateLimited), "echo replies share the limit");
            Assert.That(server.Answer(MappedB, Vectors.Tv01, at: 1.2).Target, Is.EqualTo(MappedB), "another source has its own");
            Assert.That(Solicit(40, 100, 6000), Is.EqualTo(20), "the burst comes back");
        });
    }

    [Test]
    public void Forwards_PerSourceEndpoint_Are50AtOnceThen20PerSecond()
    {
        var server = new ServerHarness(Limited);
        int Forward(int times, double at, byte[] packet) => Enumerable.Range(0, times)
            .Count(_ => server.Handle(MappedA, packet, at: at).Verdict.Kind == VerdictKind.Consumed);
        Assert.Multiple(() =>
        {
            Assert.That(Forward(60, 0, Vectors.Tv07), Is.EqualTo(50));
            Assert.That(Forward(5, 0, Vectors.Tv15), Is.Zero, "native forwards count as well");
            Assert.That(Forward(40, 1, Vectors.Tv07), Is.EqualTo(20));
            Assert.That(server.Answer(MappedA, Vectors.Tv01, at: 1).Length, Is.EqualTo(117), "answers do not");
        });
    }

    [Test]
    public void Forwards_PerDestinationAddress_Are100PerSecondFromAllSources()
    {
        var server = new ServerHarness(Limited);
        int Forward(int sources, double at) => Enumerable.Range(0, sources).Count(i =>
        {
            var source = new IPv4Endpoint(new(0x0A000000 + (uint)i), 5000);
            var target = MappedB with { Port = (ushort)(10_000 + i) };
            return server.Handle(source, BubbleOf(AddressOf(source), AddressOf(target)), at: at).Verdict.Kind == VerdictKind.Consumed;
        });
        Assert.Multiple(() =>
        {
            Assert.That(Forward(300, 1), Is.EqualTo(100));
            Assert.That(Forward(300, 2), Is.EqualTo(100));
            Assert.That(Forward(300, 2.5), Is.EqualTo(50));
        });
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
        Solicit(0, 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Solicit(1000, 1_000_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Multiple(() =>
        {
            Assert.That(allocated, Is.Zero);
            Assert.That(answered, Is.GreaterThanOrEqualTo(1_000_000));
        });
    }

    [Test]
    public void SecureServer_InSteadyState_AllocatesNothing()
    {
        var server = new TeredoServer(ServerQualificationTests.Secure(), new SeededRandom(1));
        byte[] buffer = new byte[1500];
        void Solicit(int times)
        {
            for (int i = 0; i < times; i++)
            {
                server.HandleDatagram(default, LocalPort.ServerPrimary, MappedA, Vectors.Tv05);
                server.TryTakeTransmit(buffer, out _);
            }
        }
        Solicit(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Solicit(1000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
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
        Assert.That(server.TryTakeTransmit(new byte[48], out var transmit), Is.True);
        Assert.That(transmit, Is.EqualTo(new Transmit { Length = 48, Via = LocalPort.ServerPrimary, Target = MappedB, Ttl = 0 }));
    }
}
