using TeredoSdk.Engine;

namespace TeredoSdk.Tests;

/// <summary>The timer of a core: whole milliseconds, never too early, and a day at most.</summary>
public sealed class DeadlineTimerTests
{
    [TestCase(-5, 0)]
    [TestCase(0, 0)]
    [TestCase(0.0001, 1)]
    [TestCase(1, 1)]
    [TestCase(1.4, 2)]
    [TestCase(86_400_000, 86_400_000)]
    [TestCase(86_400_000.5, 86_400_000)]
    [TestCase(200_000_000, 86_400_000)]
    public async Task Deadline_IsDueAfterSoManyMilliseconds(double deadline, int due)
    {
        var time = new ManualTime();
        int calls = 0;
        await using var timer = new DeadlineTimer(time, () => calls++);
        Assert.That(time.Armed, Is.Zero);
        var now = new EngineClock(time).Now + TimeSpan.FromHours(1);
        timer.Set(now + TimeSpan.FromMilliseconds(deadline), now);
        Assert.That(time.IsArmedWithin(TimeSpan.FromMilliseconds(due), TimeSpan.FromMilliseconds(due)));
        time.Advance(TimeSpan.FromMilliseconds(due));
        Assert.That((calls, time.Armed), Is.EqualTo((1, 0)), "once");
        timer.Set(now, now);
        timer.Set(null, now);
        Assert.That(time.Armed, Is.Zero);
    }
}
