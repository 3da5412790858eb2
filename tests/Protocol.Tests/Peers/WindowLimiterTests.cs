using TeredoSdk.Protocol.Tests.Client;

namespace TeredoSdk.Protocol.Tests.Peers;

public sealed class WindowLimiterTests
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(300);

    [Test]
    public void Key_EightInAnyWindow_TheNextWhenTheFirstIsOut()
    {
        var limiter = new WindowLimiter(Window, CryptographicRandom.Instance);
        for (int i = 0; i < 8; i++)
            Assert.That(limiter.TryTake(Instant.FromSeconds(10 * i), 1), Is.True);
        Assert.That(limiter.TryTake(Instant.FromSeconds(299), 1), Is.False);
        Assert.That(limiter.TryTake(Instant.FromSeconds(299), 2), Is.True, "another key");
        Assert.That(limiter.TryTake(Instant.FromSeconds(300.1), 1), Is.True, "the one of 0 s is out");
        Assert.That(limiter.TryTake(Instant.FromSeconds(309), 1), Is.False);
        Assert.That(limiter.TryTake(Instant.FromSeconds(310.1), 1), Is.True);
    }

    [Test]
    public void Contains_WhatWasTakenInTheWindow()
    {
        var limiter = new WindowLimiter(Window, CryptographicRandom.Instance);
        Assert.That(limiter.Contains(default, 7), Is.False);
        limiter.TryTake(default, 7);
        Assert.That(limiter.Contains(Instant.FromSeconds(299), 7), Is.True);
        Assert.That(limiter.Contains(Instant.FromSeconds(301), 7), Is.False);
    }

    [Test]
    public void FloodOfOtherKeys_TheOneThatGoesOnAskingIsRemembered_AndNothingIsAllocated()
    {
        var limiter = new WindowLimiter(Window, new SeededRandom(1));
        int taken = 0;
        uint i = 0;
        Allocations.AssertNone(() =>
        {
            for (uint end = i + 2600; i < end; i++)
            {
                var now = Instant.FromSeconds(i / 100.0); // all within one window, as fast as answers may go in all
                limiter.TryTake(now, 1_000_000 + i);
                if (i % 25 == 0)
                    taken += limiter.TryTake(now, 1) ? 1 : 0;
            }
        });
        Assert.That(taken, Is.EqualTo(8));
    }

    // With one round of mixing, about one seed in a hundred put keys that follow each other into one set. The seeds are fixed: even evenly spread keys
    // crowd a set once in about 30,000 runs.
    [Test]
    public void FloodOfKeysThatFollowEachOther_DoesNotCrowdOneSet()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            var limiter = new WindowLimiter(Window, new SeededRandom(seed));
            int taken = 0;
            for (uint i = 0; i < 5_000; i++)
            {
                var now = Instant.FromSeconds(i / 100.0);
                limiter.TryTake(now, 1_000_000 + i);
                if (i % 25 == 0)
                    taken += limiter.TryTake(now, 1) ? 1 : 0;
            }
            Assert.That(taken, Is.EqualTo(8), $"seed {seed}");
        }
    }
}
