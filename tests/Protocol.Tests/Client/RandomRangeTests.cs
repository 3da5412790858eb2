using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Tests.Relay;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Times that are chosen at random, with the least and the greatest of all random numbers.</summary>
[TestFixture(false)]
[TestFixture(true)]
public sealed class RandomRangeTests(bool most) : IRandomSource
{
    // Never 0, which is no nonce; the lowest bits do not count in a time.
    public void Fill(Span<byte> octets)
    {
        octets.Fill(most ? (byte)255 : (byte)0);
        octets[0] |= 1;
    }

    [Test]
    public void Retries_OfASilentServer_BackOff()
    {
        var client = new ClientHarness(Options, random: this);
        client.Start();
        client.AdvanceTo(4000);
        double[] times = [.. client.Solicitations.Times()];
        // A round is three solicitations, 4 s apart, and 4 s more.
        var pauses = Enumerable.Range(0, 10).Select(round => Math.Round(times[3 * (round + 1)] - times[3 * round] - 12, 3));
        Assert.That(pauses, Is.EqualTo(most ? new[] { 2.5, 5, 10, 20, 40, 100, 200, 400, 600, 600 } : new[] { 1.5, 3, 6, 12, 24, 60, 120, 240, 480, 600 }));
    }

    [Test]
    public void Refreshes_ComeAfter75To100PercentOfTheInterval()
    {
        var client = Qualified(Options with { DormancyTimeout = TimeSpan.Zero });
        client.AdvanceTo(100);
        Assert.That(client.Solicitations.Times().Take(3), Is.EqualTo(most ? new[] { 30.0, 60, 90 } : new[] { 22.5, 45, 67.5 }).Within(0.001));
    }

    [Test]
    public void Bubbles_AreRepeatedAfter2To2AndAQuarterSeconds()
    {
        var client = Qualified(Options with { DormancyTimeout = TimeSpan.Zero });
        client.SendTo(Lab.Peer(Endpoint("203.0.113.12:4096")));
        client.Advance(10);
        Assert.That(client.Indirect().Times().Select(time => time - client.Indirect()[0].Seconds), Is.EqualTo(Repeated).Within(0.001));
    }

    [Test]
    public void Bubbles_OfARelay_AreRepeatedAfter2To2AndAQuarterSeconds()
    {
        var relay = new RelayHarness(random: this);
        relay.Send();
        relay.AdvanceTo(20);
        Assert.That(relay.Sent.Where(sent => sent.Target == RelayHarness.ServerPort).Select(sent => sent.At.SinceStart.TotalSeconds), Is.EqualTo(Repeated).Within(0.001));
    }

    double[] Repeated => most ? [0, 2.25, 4.5, 6.75] : [0, 2, 4, 6];

    [Test]
    public void Discovery_IsRepeatedAfter200To300Seconds()
    {
        var client = Qualified(Options with { LocalDiscovery = true, DormancyTimeout = TimeSpan.Zero });
        client.AdvanceTo(700);
        Assert.That(client.Bubbles.Where(sent => sent.InnerDestination.IsMulticast).Times(), Is.EqualTo(most ? new[] { 300.0, 600 } : new[] { 200.0, 400, 600 }).Within(0.001));
    }

    [Test]
    public void Ports_AreThoseOfTheDynamicRange() => Assert.That(this.NextPort(), Is.EqualTo(most ? 65535 : 49153));

    ClientHarness Qualified(TeredoClientOptions options)
    {
        var client = new ClientHarness(options, random: this);
        client.AnswerSolicitations(_ => Mapped);
        client.Start();
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Qualified));
        client.Clear();
        return client;
    }
}
