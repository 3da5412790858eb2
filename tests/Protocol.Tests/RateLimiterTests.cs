using TeredoSdk.Protocol.Tests.Client;

namespace TeredoSdk.Protocol.Tests;

/// <summary>Rate limits in fixed memory.</summary>
public class RateLimiterTests
{
    [Test]
    public void Gate_PassesABurstAndThenTheRate()
    {
        var gate = new RateGate(ratePerSecond: 10, burst: 3);
        int Take(double from, double to)
        {
            int taken = 0;
            for (double at = from; at < to; at += 0.01)
                taken += gate.TryTake(Instant.FromSeconds(at)) ? 1 : 0;
            return taken;
        }
        Assert.Multiple(() =>
        {
            Assert.That(Take(0, 0.005), Is.EqualTo(1));
            Assert.That(Enumerable.Range(0, 5).Count(_ => gate.TryTake(default)), Is.EqualTo(2));
            Assert.That(Take(0.1, 1.095), Is.EqualTo(10));
            Assert.That(Enumerable.Range(0, 5).Count(_ => gate.TryTake(Instant.FromSeconds(60))), Is.EqualTo(3), "a long pause saves up no more than the burst");
        });
    }

    [Test]
    public void Gate_BelowOnePerSecond_Works()
    {
        var gate = new RateGate(ratePerSecond: 0.5, burst: 1);
        double[] passed = [.. new[] { 0, 1.9, 2, 3.9, 4 }.Where(at => gate.TryTake(Instant.FromSeconds(at)))];
        Assert.That(passed, Is.EqualTo(new double[] { 0, 2, 4 }));
    }

    [Test]
    public void Limiter_EachKeyHasItsOwnRate()
    {
        var limiter = new RateLimiter(1, 2, 1024, new SeededRandom(7));
        for (ulong key = 0; key < 100; key++)
            Assert.That(Enumerable.Range(0, 4).Count(_ => limiter.TryTake(default, key)), Is.EqualTo(2), $"key {key}");
    }

    [Test]
    public void Limiter_KeyInDebt_SurvivesAFloodOfOthers()
    {
        var limiter = new RateLimiter(1, 20, 64, new SeededRandom(7));
        for (int i = 0; i < 20; i++)
            limiter.TryTake(default, ulong.MaxValue);
        for (ulong key = 1; key <= 10_000; key++)
            limiter.TryTake(default, key);
        Assert.That(limiter.TryTake(default, ulong.MaxValue), Is.False);
    }

    [Test]
    public void Limiter_SequentialKeys_SpreadOverTheTable()
    {
        // 512 of 1024 cells in use: with a hash that spreads, nearly all keys are still remembered.
        var limiter = new RateLimiter(1, 1, 1024, new SeededRandom(7));
        for (ulong key = 0; key < 512; key++)
            limiter.TryTake(default, key << 16);
        int remembered = 0;
        for (ulong key = 511; key > 0; key--)
            remembered += limiter.TryTake(default, key << 16) ? 0 : 1;
        Assert.That(remembered, Is.GreaterThan(440));
    }

    [TestCase(0, 1), TestCase(-1, 1), TestCase(1, 0)]
    public void RateOrBurst_OutsideItsRange_IsRefused(double perSecond, int burst) =>
        Assert.That(() => new RateGate(perSecond, burst), Throws.TypeOf<ArgumentOutOfRangeException>());

    [TestCase(8), TestCase(1 << 24)]
    public void Limiter_SizeAtItsLimits_IsAccepted(int size) => Assert.That(() => new RateLimiter(1, 1, size, new SeededRandom(7)), Throws.Nothing);

    [Test]
    public void Limiter_BadSize_IsRefused([Values(0, 4, 1000, 1 << 25)] int size) =>
        Assert.That(() => new RateLimiter(1, 1, size, new SeededRandom(7)), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
