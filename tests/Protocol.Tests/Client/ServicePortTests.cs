using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2, §5.2.10: which UDP port the client opens.</summary>
public sealed class ServicePortTests
{
    [Test, Conformance("C-018", "C-148")]
    public void ServicePort_Of100Clients_IsSpreadOverTheDynamicRange()
    {
        var ports = new List<int>();
        for (int seed = 0; seed < 100; seed++)
        {
            var harness = new ClientHarness(seed: seed);
            harness.Start();
            var request = harness.RequestsOf(ClientRequestKind.OpenPort).Single();
            Assert.That(request.Port, Is.EqualTo(LocalPort.Service));
            ports.Add(request.Number);
        }
        Assert.That(ports, Is.All.InRange(49152, 65535));
        Assert.That(ports.Distinct().Count(), Is.GreaterThan(95));
        Assert.That(ports.Max() - ports.Min(), Is.GreaterThan(14000));
    }

    [Test, Conformance("C-018", "C-019")]
    public void ServicePort_Configured_IsTheOneOpened()
    {
        var harness = new ClientHarness(Options with { ServicePort = 4000 });
        harness.Start();
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort).Single().Number, Is.EqualTo(4000));
    }

    [Test]
    public void PortNotOpenedYet_NothingIsSent()
    {
        var harness = new ClientHarness { OpenPortAnswer = _ => null };
        harness.Start();
        harness.Advance(60);
        Assert.That(harness.Sent, Is.Empty);
        harness.Answer(RequestAnswer.Opened(LocalPort.Service, new(Local, 50000)));
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(1));
    }

    [Test]
    public void RandomPortTaken_TriesOthers_AtLastAny()
    {
        var harness = new ClientHarness { OpenPortAnswer = request => RequestAnswer.NotOpened(request.Port) };
        harness.Start();
        int[] numbers = [.. harness.RequestsOf(ClientRequestKind.OpenPort).Select(r => (int)r.Number)];
        Assert.That(numbers, Has.Length.EqualTo(4));
        Assert.That(numbers[..3], Is.Unique.And.All.InRange(49152, 65535));
        Assert.That(numbers[3], Is.Zero);
        Assert.That(harness.EventsOf<ClientEvent.Failed>().Single().Reason, Is.EqualTo(OfflineReason.PortUnavailable));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        harness.AdvanceTo(harness.Client.NextDeadline!.Value);
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort).Count(), Is.EqualTo(2 * 4), "and as many in the next round");
    }

    [Test]
    public void PortOfBeforeTaken_WhenTheNetworkReturns_TriesOthers_AtLastAny()
    {
        var harness = ClientHarness.Qualified();
        harness.ChangeNetwork(n => n with { Gateway = Gateway });
        int port = harness.ServiceLocal.Port;
        harness.ChangeNetwork(n => n with { HasIPv4 = false, LocalAddress = default, Gateway = null, AttachedSubnets = [] });
        harness.Clear();
        harness.OpenPortAnswer = request => RequestAnswer.NotOpened(request.Port);
        harness.ChangeNetwork(n => n with { HasIPv4 = true, LocalAddress = Local, Gateway = Gateway });
        int[] numbers = [.. harness.RequestsOf(ClientRequestKind.OpenPort).Select(r => (int)r.Number)];
        Assert.That(numbers, Has.Length.EqualTo(4));
        Assert.That(numbers[0], Is.EqualTo(port));
        Assert.That(numbers[1..3], Is.All.InRange(49152, 65535));
        Assert.That(numbers[3], Is.Zero);
    }

    [Test]
    public void RandomPortTaken_SecondTryOpens_Qualifies()
    {
        var harness = new ClientHarness();
        int tries = 0;
        harness.OpenPortAnswer = request => ++tries == 1 ? RequestAnswer.NotOpened(request.Port) : harness.Opened(request);
        harness.Qualify();
        Assert.That(tries, Is.EqualTo(2));
    }

    [Test, Conformance("C-019")]
    public void ConfiguredPortTaken_FailsAtOnce_AndTriesTheSameLater()
    {
        var harness = new ClientHarness(Options with { ServicePort = 4000 }) { OpenPortAnswer = request => RequestAnswer.NotOpened(request.Port) };
        harness.Start();
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort).Count(), Is.EqualTo(1));
        var failed = harness.EventsOf<ClientEvent.Failed>().Single();
        Assert.That(failed.Reason, Is.EqualTo(OfflineReason.PortUnavailable));

        harness.OpenPortAnswer = request => harness.Opened(request);
        harness.AdvanceTo(failed.RetryAt);
        Assert.That(harness.ServiceLocal.Port, Is.EqualTo(4000));
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(1));
    }
}
