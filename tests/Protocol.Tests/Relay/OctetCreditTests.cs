using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Tests.Client;

namespace TeredoSdk.Protocol.Tests.Relay;

/// <summary>How many octets of bubbles an IPv4 address may be sent: no more than the packets had that named it (docs/protocol §5.4).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OctetCreditTests
{
    readonly OctetCredit _credit = new(8, new SeededRandom(1));

    static IPv4Address Number(int n) => new(0x0800_0001 + (uint)n);

    [Test]
    public void Octets_AreSpentOnce()
    {
        Assert.That(_credit.TrySpend(Number(0), 1), Is.False);
        _credit.Earn(Number(0), 48);
        _credit.Earn(Number(0), 32);
        Assert.That(_credit.TrySpend(Number(1), 1), Is.False, "another's");
        Assert.That(new[] { 40, 41, 40, 1 }.Select(octets => _credit.TrySpend(Number(0), octets)), Is.EqualTo(new[] { true, false, true, false }));
    }

    [Test]
    public void Credit_IsAMebibyteAtMost()
    {
        _credit.Earn(Number(0), 48);
        _credit.Earn(Number(0), 1 << 20);
        Assert.That(_credit.TrySpend(Number(0), 1 << 20), Is.True);
        Assert.That(_credit.TrySpend(Number(0), 1), Is.False);
    }

    // Of eight places, four for each half of the addresses, the newcomers take those with the least credit.
    [Test]
    public void Newcomer_TakesThePlaceOfTheLeastCredit()
    {
        for (int i = 0; i < 40; i++)
            _credit.Earn(Number(i), 1000 + i);
        int[] known = [.. Enumerable.Range(0, 40).Where(i => _credit.TrySpend(Number(i), 1000))];
        Assert.That(known, Has.Length.EqualTo(8));
        Assert.That(known, Does.Contain(39), "the last one");
        _credit.Earn(Number(100), 1);
        _credit.Earn(Number(101), 1);
        Assert.That(_credit.TrySpend(Number(101), 1), Is.True);
    }
}
