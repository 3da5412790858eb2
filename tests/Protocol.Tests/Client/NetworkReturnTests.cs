using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>A network that goes and comes back within 30 s costs neither port nor address (docs/protocol §3.2).</summary>
public sealed class NetworkReturnTests
{
    static readonly TeredoAddress Friend = Peer(Endpoint("203.0.113.12:50000"));

    static ClientHarness Qualified(TeredoClientOptions? options = null)
    {
        var harness = new ClientHarness(options);
        harness.Network = harness.Network with { Gateway = Gateway };
        harness.Qualify();
        harness.Clear();
        harness.AdvanceTo(5);
        return harness;
    }

    static void Leave(ClientHarness harness) =>
        harness.ChangeNetwork(n => n with { HasIPv4 = false, LocalAddress = default, Gateway = null, AttachedSubnets = [] });

    static void Return(ClientHarness harness, IPv4Address? local = null, NetworkGateway? gateway = null) =>
        harness.ChangeNetwork(n => n with { HasIPv4 = true, LocalAddress = local ?? Local, Gateway = gateway });

    [TestCase(0.5), TestCase(29.9)]
    public void SameNetwork_KeepsPortAndAddress(double seconds)
    {
        var harness = Qualified();
        var (address, port) = (harness.Address, harness.ServiceLocal.Port);
        Leave(harness);
        Assert.Multiple(() =>
        {
            Assert.That(harness.Client.State, Is.EqualTo(ClientState.Suppressed));
            Assert.That(harness.Sockets, Is.Empty, "a socket at an address that is gone is of no use");
            Assert.That(harness.Address, Is.EqualTo(address));
        });
        harness.Advance(seconds);
        Return(harness, gateway: Gateway);
        Assert.That(harness.ServiceLocal, Is.EqualTo(new IPv4Endpoint(Local, port)));
        Assert.That(harness.Solicitations.Single().At, Is.EqualTo(harness.Now), "solicited anew, at once");
        harness.Qualify();
        Assert.Multiple(() =>
        {
            Assert.That(harness.Address, Is.EqualTo(address));
            Assert.That(harness.EventsOf<ClientEvent.AddressLost>(), Is.Empty);
            Assert.That(harness.EventsOf<ClientEvent.AddressChanged>(), Is.Empty);
            Assert.That(harness.EventsOf<ClientEvent.Qualified>().Count(), Is.EqualTo(1), "the verdict");
        });
        harness.Advance(100);
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1), "the 30 s are over, and the server's silence counts again");
    }

    [Test]
    public void SameNetwork_PeersAreDistrustedUntilHeard()
    {
        var harness = Qualified();
        harness.Receive(Friend.MappedEndpoint, Build.Bubble(Friend, harness.Address));
        Assert.That(harness.Send(Build.Udp(harness.Address, Friend)).Kind, Is.EqualTo(VerdictKind.Send));
        Leave(harness);
        Assert.That(harness.Send(Build.Udp(harness.Address, Friend)).Kind, Is.EqualTo(VerdictKind.Held), "it waits for the verdict");
        harness.Clear();
        harness.Advance(1);
        Return(harness, gateway: Gateway);
        harness.Qualify();
        Assert.That(harness.Sent.Where(s => s.NextHeaderNumber == 17), Is.Empty);
        harness.Receive(Friend.MappedEndpoint, Build.Bubble(Friend, harness.Address));
        Assert.That(harness.Sent.Last().NextHeaderNumber, Is.EqualTo(17), "the packet that waited");
    }

    [Test]
    public void SameNetwork_AnotherMapping_ChangesTheAddress()
    {
        var harness = Qualified();
        var old = harness.Client.Address!.Value;
        Leave(harness);
        harness.Advance(1);
        Return(harness, gateway: Gateway);
        harness.Qualify(OtherMapped);
        var changed = harness.EventsOf<ClientEvent.AddressChanged>().Single();
        Assert.That((changed.Old, changed.New.MappedEndpoint), Is.EqualTo((old, OtherMapped)));
        Assert.That(changed.New.Flags, Is.Not.EqualTo(old.Flags));
    }

    [Test]
    public void SameNetwork_TheServerIsSilent_TheAddressIsLost()
    {
        var harness = Qualified();
        Leave(harness);
        harness.Advance(1);
        Return(harness, gateway: Gateway);
        harness.Advance(11.9);
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>(), Is.Empty);
        harness.Advance(0.2);
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
    }

    [Test]
    public void SameNetwork_ItsOwnServerIsAskedFirst()
    {
        var harness = new ClientHarness(Options with { Servers = [OtherServer, Lab.Server] });
        harness.Network = harness.Network with { Gateway = Gateway };
        harness.AnswerSolicitations(sent => sent.Target == Primary || sent.Target == Secondary ? Mapped : null);
        harness.Start();
        harness.AdvanceTo(13);
        var address = harness.Address;
        Leave(harness);
        harness.Advance(2);
        Return(harness, gateway: Gateway);
        Assert.That((harness.Client.State, harness.Address), Is.EqualTo((ClientState.Qualified, address)));
    }

    static IEnumerable<TestCaseData> OtherNetworks()
    {
        yield return new TestCaseData(Local, Gateway with { LinkAddress = 1 }, 1.0).SetArgDisplayNames("another gateway with the same addresses");
        yield return new TestCaseData(Local, Gateway with { Address = IPv4("10.1.0.9") }, 1.0).SetArgDisplayNames("the gateway has another address");
        yield return new TestCaseData(Local, null, 1.0).SetArgDisplayNames("an unknown gateway");
        yield return new TestCaseData(IPv4("10.1.0.7"), Gateway, 1.0).SetArgDisplayNames("another address of our own");
        yield return new TestCaseData(Local, Gateway, 30.1).SetArgDisplayNames("too late");
    }

    [TestCaseSource(nameof(OtherNetworks))]
    public void OtherNetwork_GetsAFreshRandomPort(IPv4Address local, NetworkGateway? gateway, double seconds)
    {
        var harness = Qualified();
        ushort port = harness.ServiceLocal.Port;
        Leave(harness);
        harness.Advance(seconds);
        Return(harness, local, gateway);
        Assert.Multiple(() =>
        {
            Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
            Assert.That(harness.Client.Address, Is.Null);
            Assert.That(harness.ServiceLocal.Port, Is.Not.EqualTo(port), "nobody can link the two places");
            Assert.That(harness.Client.PeerCount, Is.Zero);
        });
    }

    [Test]
    public void NetworkThatStaysAway_LosesTheAddressAfter30Seconds()
    {
        var harness = Qualified();
        Leave(harness);
        harness.Advance(20);
        Leave(harness); // told again: the 30 s do not start anew
        harness.Advance(9.9);
        Assert.That(harness.Client.Address, Is.Not.Null);
        harness.Advance(0.2);
        Assert.That((harness.Client.Address, harness.Client.State), Is.EqualTo(((TeredoAddress?)null, ClientState.Suppressed)));
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
        Assert.That(harness.Client.NextDeadline, Is.Null);
    }

    [Test]
    public void NativeIPv6WhileAway_LosesTheAddressAtOnce()
    {
        var harness = Qualified();
        Leave(harness);
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
    }

    [Test]
    public void OldPortIsTaken_AnotherOneIsTried()
    {
        var harness = Qualified();
        ushort port = harness.ServiceLocal.Port;
        Leave(harness);
        harness.OpenPortAnswer = request => request.Number == port ? RequestAnswer.NotOpened(request.Port) : harness.Opened(request);
        Return(harness, gateway: Gateway);
        Assert.That(harness.ServiceLocal.Port, Is.Not.EqualTo(port));
        harness.AdvanceToSolicitation();
        harness.Qualify(OtherMapped);
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>().Count(), Is.EqualTo(1));
    }

    [Test]
    public void GatewaysMapping_StaysWithThePort_AndGoesWithTheAddress()
    {
        var harness = new ClientHarness { MapPortAnswer = request => RequestAnswer.Mapped(Mapped) };
        harness.Network = harness.Network with { Gateway = Gateway };
        harness.Qualify();
        harness.Clear();
        Leave(harness);
        harness.Advance(5);
        Return(harness, gateway: Gateway);
        harness.Qualify();
        Assert.That(harness.Requests.Select(r => r.Kind), Is.EqualTo(new[] { ClientRequestKind.ClosePort, ClientRequestKind.OpenPort }));
        Assert.That(harness.Client.Nat.PortMapped, Is.True);
        Leave(harness);
        harness.Advance(31);
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Count(), Is.EqualTo(1));
    }

    [Test]
    public void GatewayChangesWithoutAGap_TheClientHasMoved()
    {
        var harness = Qualified();
        ushort port = harness.ServiceLocal.Port;
        harness.ChangeNetwork(n => n with { Gateway = null });
        Assert.That(harness.Log, Is.Empty, "the system forgot the gateway's link address: no news");
        harness.ChangeNetwork(n => n with { Gateway = Gateway with { LinkAddress = 7 } });
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
        Assert.That(harness.ServiceLocal.Port, Is.Not.EqualTo(port));
    }

    [Test]
    public void GatewayOfTheNewNetworkIsKnownLater_TheClientHasMovedOnce()
    {
        var harness = Qualified();
        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.7.0.2"), Gateway = null });
        harness.Qualify();
        harness.Clear();
        harness.ChangeNetwork(n => n with { Gateway = Gateway with { LinkAddress = 7 } });
        Assert.That(harness.Log, Is.Empty, "the gateway of the old network says nothing about this one");
    }

    [TestCase(false), TestCase(true)]
    public void MachineThatSleptAway_DoesNotComeBackToItsOldPort(bool clockStoodStill)
    {
        var harness = Qualified();
        ushort port = harness.ServiceLocal.Port;
        Leave(harness);
        if (clockStoodStill)
            harness.ChangeNetwork(n => n with { Resumed = true });
        else
            harness.Skip(TimeSpan.FromHours(2)); // the timer of the 30 s has not run
        Return(harness, gateway: Gateway);
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
        Assert.That(harness.ServiceLocal.Port, Is.Not.EqualTo(port));
    }
}
