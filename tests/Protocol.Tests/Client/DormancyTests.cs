using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>An idle client stops talking to its server until a packet or a lease wakes it (docs/protocol §3.14, as Windows does).</summary>
public sealed class DormancyTests
{
    static readonly TeredoAddress Friend = Peer(Endpoint("203.0.113.12:50000"));

    static ClientHarness Running(TeredoClientOptions? options = null)
    {
        var harness = ClientHarness.Qualified(options);
        harness.AnswerSolicitations(_ => Mapped);
        return harness;
    }

    static ClientHarness Dormant()
    {
        var harness = Running();
        harness.AdvanceTo(3601);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
        harness.OnSent = null;
        harness.Clear();
        return harness;
    }

    [Test]
    public void IdleForAnHour_GoesDormantAndSilent()
    {
        var harness = Running();
        harness.AdvanceTo(3599);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.AdvanceTo(3600.001);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
        Assert.That(harness.EventsOf<ClientEvent.StateChanged>().Single().State, Is.EqualTo(ClientState.Dormant));
        harness.Clear();
        harness.AdvanceTo(20000);
        Assert.That(harness.Log, Is.Empty);
    }

    [Test]
    public void Timeout_IsConfigurable()
    {
        var harness = Running(Options with { DormancyTimeout = TimeSpan.FromMinutes(5) });
        harness.AdvanceTo(299);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.AdvanceTo(301);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
    }

    [Test]
    public void TimeoutZero_NeverGoesDormant()
    {
        var harness = Running(Options with { DormancyTimeout = TimeSpan.Zero });
        harness.AdvanceTo(100_000);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
    }

    [Test]
    public void TrafficOfTheHost_KeepsItAwake()
    {
        var harness = Running();
        for (int i = 1; i <= 6; i++)
        {
            harness.AdvanceTo(i * 1800);
            harness.Send(Build.Udp(harness.Address, Friend));
        }
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.Advance(3601);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
    }

    [Test]
    public void StrangersBubbles_DoNotKeepItAwake()
    {
        var harness = Running();
        for (int i = 1; i <= 61; i++)
        {
            harness.AdvanceTo(i * 60);
            harness.Receive(Friend.MappedEndpoint, Build.Bubble(Friend, harness.Client.Address is { } self ? self : Peer(Mapped)));
        }
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
    }

    [Test]
    public void Lease_KeepsItAwake_UntilAnHourAfterItsRelease()
    {
        var harness = Running();
        harness.AcquireLease();
        harness.AcquireLease();
        harness.AdvanceTo(8000);
        harness.ReleaseLease();
        harness.AdvanceTo(16000);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.ReleaseLease();
        harness.AdvanceTo(19_599);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.AdvanceTo(19_601);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
    }

    [Test]
    public void ReleaseLease_WithoutOne_IsRefused()
    {
        var harness = Running();
        Assert.That(harness.ReleaseLease, Throws.InvalidOperationException);
    }

    [Test]
    public void Lease_WakesADormantClient()
    {
        var harness = Dormant();
        harness.AcquireLease();
        Assert.That(harness.Solicitations.Single().Target, Is.EqualTo(Primary));
        harness.AnswerSolicitations(_ => Mapped);
        harness.Qualify();
        harness.Advance(7200);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
    }

    [Test]
    public void Packet_WakesADormantClient_AndGoesOutWhenTheAddressStayed()
    {
        var harness = Dormant();
        var self = Peer(Mapped, flags: Running().Client.Address!.Value.Flags); // the same seed gives the same address
        Assert.That(harness.Send(Build.Udp(self, Friend)).Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(harness.Sent.Single().IsRouterSolicitation, Is.True);
        harness.Qualify();
        Assert.That(harness.Address, Is.EqualTo((IPv6Address)self));
        Assert.That(harness.Bubbles.Select(b => b.InnerDestination), Has.Member((IPv6Address)Friend), "the packet's peer is contacted");

        harness.Receive(Friend.MappedEndpoint, Build.Bubble(Friend, self));
        Assert.That(harness.Sent.Last().Target, Is.EqualTo(Friend.MappedEndpoint));
        Assert.That(harness.Sent.Last().NextHeaderNumber, Is.EqualTo(17), "the held packet left");
    }

    [Test]
    public void Packet_WakesADormantClient_AndIsDroppedWhenTheAddressChanged()
    {
        var harness = Dormant();
        var self = Peer(Mapped, flags: Running().Client.Address!.Value.Flags);
        Assert.That(harness.Send(Build.Udp(self, Friend)).Kind, Is.EqualTo(VerdictKind.Held));
        harness.Qualify(OtherMapped);
        harness.Advance(10);
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(OtherMapped));
        Assert.That(harness.Sent.Where(s => s.InnerDestination == Friend), Is.Empty);
    }

    [Test]
    public void Packet_ThatWaitedTooLong_IsNotSentWhenTheServerIsBack()
    {
        var harness = Dormant();
        var self = Peer(Mapped, flags: Running().Client.Address!.Value.Flags);
        Assert.That(harness.Send(Build.Udp(self, Friend)).Kind, Is.EqualTo(VerdictKind.Held));
        harness.Advance(12);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        harness.AdvanceTo(harness.EventsOf<ClientEvent.Failed>().Single().RetryAt);
        harness.Qualify();
        harness.Advance(10);
        Assert.That(harness.Address, Is.EqualTo((IPv6Address)self));
        Assert.That(harness.Sent.Where(s => s.InnerDestination == Friend), Is.Empty, "packets wait at most 8 s");
        Assert.That(harness.Client.Drops[DropReason.QueueExpired], Is.EqualTo(1));
    }

    [Test]
    public void Packet_ThatWaitedTooLong_IsCountedWhenTheNextOneWaits()
    {
        var harness = Dormant();
        var self = Peer(Mapped, flags: Running().Client.Address!.Value.Flags);
        harness.Send(Build.Udp(self, Friend));
        harness.Advance(7.999);
        harness.Send(Build.Udp(self, Friend));
        Assert.That(harness.Client.Drops[DropReason.QueueExpired], Is.Zero);
        harness.Advance(0.001);
        harness.Send(Build.Udp(self, Friend));
        Assert.That(harness.Client.Drops[DropReason.QueueExpired], Is.EqualTo(1));
    }

    [TestCase(7.999, 1, TestName = "Packet_TheServerAnswersWithin8Seconds_IsSent"), TestCase(8, 0, TestName = "Packet_TheServerAnswersAfter8Seconds_IsDropped")]
    public void Packet_ServerAnswersLate(double seconds, int sent)
    {
        var harness = Dormant();
        var self = Peer(Mapped, flags: Running().Client.Address!.Value.Flags);
        harness.Send(Build.Udp(self, Friend));
        harness.Advance(seconds);
        harness.Qualify();
        Assert.That(harness.Bubbles.Count(bubble => bubble.InnerDestination == Friend && bubble.IsIndirectBubble), Is.EqualTo(sent), "the packet's peer is contacted, or not");
    }

    [Test]
    public void Dormant_DatagramsFromStrangers_DoNotWakeIt()
    {
        var harness = Dormant();
        var self = Running().Address;
        harness.Receive(Primary, Build.WithOrigin(Friend.MappedEndpoint, Build.Bubble(Friend, self)));
        harness.Receive(Friend.MappedEndpoint, Build.Udp(Friend, self));
        harness.Advance(60);
        Assert.That(harness.Sent, Is.Empty);
        Assert.That(harness.Delivered, Is.Empty);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Dormant));
    }
}
