using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.5, RFC 5991 §4, RFC 6169 §3.1.3: when not to be a client.</summary>
public sealed class SunsetTests
{
    static void AssertSilent(ClientHarness harness)
    {
        harness.Clear();
        harness.Advance(7200);
        Assert.That(harness.Sent, Is.Empty);
        Assert.That(harness.Sockets, Is.Empty);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Suppressed));
    }

    [Test, Conformance("C-037", "C-138")]
    public void NativeIPv6Appears_TheClientGivesUpItsAddressAndPort()
    {
        var harness = ClientHarness.Qualified();
        var old = harness.Client.Address!.Value;
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Suppressed));
        Assert.That(harness.Client.Address, Is.Null);
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Single().Address, Is.EqualTo(old));
        Assert.That(harness.EventsOf<ClientEvent.StateChanged>().Last().State, Is.EqualTo(ClientState.Suppressed));
        AssertSilent(harness);
    }

    [Test, Conformance("C-138")]
    public void NativeIPv6Goes_TheClientQualifiesAgain()
    {
        var harness = ClientHarness.Qualified();
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        harness.Advance(100);
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = false });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
        harness.Qualify();
    }

    [Test, Conformance("C-037", "C-138")]
    public void NativeIPv6FromTheStart_NothingIsOpenedOrSent()
    {
        var harness = new ClientHarness();
        harness.Network = harness.Network with { HasNativeIPv6 = true };
        harness.Start();
        Assert.That(harness.Requests, Is.Empty);
        AssertSilent(harness);
    }

    [Test]
    public void NativeIPv6_WhileQualifying_Stops()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(1);
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        AssertSilent(harness);
        Assert.That(harness.EventsOf<ClientEvent.Failed>(), Is.Empty);
    }

    [Test]
    public void NativeIPv6_WhileOffline_StopsTheRetries()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(13);
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        AssertSilent(harness);
    }

    [Test]
    public void NativeIPv6Beside_TheClientStays()
    {
        var harness = ClientHarness.Qualified(Options with { NativeIPv6 = NativeIPv6Behaviour.Beside });
        var address = harness.Address;
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.Events, Is.Empty);
    }

    [Test, Conformance("C-138")]
    public void Default_IsToStop() => Assert.That(Options.NativeIPv6, Is.EqualTo(NativeIPv6Behaviour.Stop));

    [Test, Conformance("C-146", "C-153")]
    public void ManagedNetwork_ByDefault_StopsTheClient()
    {
        var harness = ClientHarness.Qualified();
        harness.ChangeNetwork(n => n with { IsManaged = true });
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
        AssertSilent(harness);
    }

    [Test, Conformance("C-146", "C-153")]
    public void ManagedNetworkFromTheStart_NothingIsSent()
    {
        var harness = new ClientHarness();
        harness.Network = harness.Network with { IsManaged = true };
        harness.Start();
        Assert.That(harness.Requests, Is.Empty);
        AssertSilent(harness);
        harness.ChangeNetwork(n => n with { IsManaged = false });
        harness.Qualify();
    }

    [Test, Conformance("C-153")]
    public void ManagedNetwork_WhenAllowed_TheClientRuns()
    {
        var harness = new ClientHarness(Options with { AllowManagedNetwork = true });
        harness.Network = harness.Network with { IsManaged = true };
        harness.Qualify();
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
    }

    [Test]
    public void NoIPv4_StopsUntilItIsBack()
    {
        var harness = ClientHarness.Qualified();
        harness.ChangeNetwork(n => n with { HasIPv4 = false });
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Count(), Is.EqualTo(1));
        AssertSilent(harness);
        harness.ChangeNetwork(n => n with { HasIPv4 = true });
        harness.Qualify();
    }

    [Test]
    public void TwoReasons_BothMustGo()
    {
        var harness = ClientHarness.Qualified();
        harness.ChangeNetwork(n => n with { HasIPv4 = false, HasNativeIPv6 = true });
        harness.ChangeNetwork(n => n with { HasIPv4 = true });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Suppressed));
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = false });
        harness.Qualify();
    }

    [Test]
    public void Suppressed_PacketsAndLeases_DoNotWakeIt()
    {
        var harness = ClientHarness.Qualified();
        var self = harness.Address;
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        harness.Clear();
        harness.AcquireLease();
        Assert.That(harness.Send(Build.Udp(self, Peer(OtherMapped))), Is.EqualTo(Verdict.Dropped(DropReason.NotQualified)));
        Assert.That(harness.Requests, Is.Empty);
        AssertSilent(harness);
    }

    [Test, Conformance("C-189")]
    public void NativeIPv6Appears_ThePortMappingIsRemoved()
    {
        var harness = new ClientHarness { MapPortAnswer = request => RequestAnswer.Mapped(new(Mapped.Address, request.Number)) };
        harness.Qualify();
        ushort port = harness.ServiceLocal.Port;
        harness.Clear();
        harness.ChangeNetwork(n => n with { HasNativeIPv6 = true });
        Assert.That(harness.Requests.Select(r => r.Kind), Is.EqualTo(new[] { ClientRequestKind.UnmapPort, ClientRequestKind.ClosePort }));
        Assert.That(harness.Requests[0].Number, Is.EqualTo(port));
    }
}
