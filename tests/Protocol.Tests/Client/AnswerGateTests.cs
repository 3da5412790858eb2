using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>How many answers the client sends in all, and to one address (docs/protocol §5.4).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AnswerGateTests
{
    static readonly IPv4Address Source = Lab.IPv4("8.0.0.1");

    readonly AnswerGate _gate = new(new SeededRandom(1));

    int Answers(double seconds, int attempts, bool used, Func<int, IPv4Address>? source = null) =>
        Enumerable.Range(0, attempts).Count(i => _gate.TryTake(Instant.FromSeconds(seconds), source?.Invoke(i) ?? Source, used));

    [Test]
    public void OneSource_ThatAsksOften_GetsFourOfTheSeldomShare_AndTheOftenShare_ThenTenInASecond()
    {
        Assert.That(Answers(0, 40, used: false), Is.EqualTo(4 + 15));
        Assert.That(Answers(1, 40, used: false), Is.EqualTo(10));
    }

    [TestCase(31, 1)]
    [TestCase(32, 0)]
    public void OneSource_Asks32TimesAtOnce(int before, int after)
    {
        Answers(0, before, used: false);
        Assert.That(Answers(0.07, 1, used: false), Is.EqualTo(after), "the often share has one by then");
    }

    [Test]
    public void ManySources_GetBothShares()
    {
        Assert.That(Answers(0, 100, used: false, Number), Is.EqualTo(15 + 15));
        Assert.That(Answers(0.96, 100, used: false, i => Number(200 + i)), Is.EqualTo(14 + 14));
    }

    [Test]
    public void PeersOfTheHost_HaveAShareOfTheirOwn_AndNoLimitForOneAddress()
    {
        Answers(0, 100, used: false, i => Number(200 + i));
        Assert.That(Answers(0, 100, used: true), Is.EqualTo(20), "whatever strangers do");
        Assert.That(Answers(1, 100, used: true), Is.EqualTo(20 + 15), "four of the seldom share were asked for above");
    }

    static IPv4Address Number(int n) => new(Source.Value + (uint)n);
}
