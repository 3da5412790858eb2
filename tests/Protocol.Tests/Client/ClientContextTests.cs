using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>What a core keeps for a driver that takes nothing, and how many errors it gives the host.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ClientContextTests
{
    readonly ClientContext _context = new(Lab.Options, new SeededRandom(1));

    byte[] Packet { get; } = Build.Udp(Lab.IPv6("2001:db8::1"), Lab.IPv6("2001:db8::2"));

    [Test]
    public void Events_ThatNobodyTakes_AreTheLast256()
    {
        for (int i = 0; i < 300; i++)
            _context.Raise(new ClientEvent.IntervalDetermined { Interval = TimeSpan.FromSeconds(i) });
        var taken = new List<double>();
        while (_context.TryTakeEvent(out var each))
            taken.Add(((ClientEvent.IntervalDetermined)each!).Interval.TotalSeconds);
        Assert.That(taken, Is.EqualTo(Enumerable.Range(300 - 256, 256)));
    }

    [Test]
    public void Deliveries_ThatNobodyTakes_AreTheFirst256_AndTheRestIsCounted()
    {
        for (int i = 0; i < 300; i++)
            _context.Deliver(Instant.FromSeconds(i), Packet);
        Assert.That((_context.Deliveries.Count, _context.Drops[DropReason.QueueFull], _context.LastTraffic), Is.EqualTo((256, 300 - 256, Instant.FromSeconds(299))));
        Refuse(400, 1);
        Assert.That(_context.Deliveries.Count, Is.EqualTo(256), "no room for an error");
        _context.Deliveries.TryTake(new byte[2000], out _);
        Refuse(400, 1);
        Assert.That(_context.Deliveries.Count, Is.EqualTo(256), "room for one");
    }

    [Test]
    public void Errors_AreFiveAtOnce_AndFiveInASecond()
    {
        Refuse(0, 20);
        Assert.That(_context.Deliveries.Count, Is.EqualTo(5));
        Refuse(0.96, 20);
        Assert.That(_context.Deliveries.Count, Is.EqualTo(5 + 4), "a fifth follows at 1 s");
        Assert.That(_context.Drops[DropReason.PeerUnreachable], Is.EqualTo(40));
    }

    [Test]
    public void Endpoints_InsideAndOutsideTheNat_AreOwn()
    {
        (_context.Local, _context.Mapped) = (new(Lab.Local, 1), Lab.Mapped);
        Assert.That(new[] { _context.Local, Lab.Mapped, Lab.OtherMapped, new(Lab.Local, 2) }.Select(_context.IsOwn), Is.EqualTo(new[] { true, true, false, false }));
    }

    [Test]
    public void Sending_FromTheServicePort_IsNoted_ForTheServerAndForOthers()
    {
        Send(1, LocalPort.Service, _context.PrimaryEndpoint);
        Send(2, LocalPort.Service, _context.SecondaryEndpoint);
        Send(3, LocalPort.Interval, _context.PrimaryEndpoint);
        Send(4, LocalPort.Interval, Lab.Mapped);
        Assert.That((_context.LastServerSent, _context.LastPeerSent), Is.EqualTo((Instant.FromSeconds(1), Instant.FromSeconds(2))));

        void Send(double at, LocalPort via, IPv4Endpoint target) => _context.Send(Instant.FromSeconds(at), via, target, Packet);
    }

    void Refuse(double at, int times)
    {
        Assert.That(IPv6Packet.TryParse(Packet, out var packet), Is.True);
        for (int i = 0; i < times; i++)
            _context.Refuse(Instant.FromSeconds(at), packet, DropReason.PeerUnreachable);
    }
}
