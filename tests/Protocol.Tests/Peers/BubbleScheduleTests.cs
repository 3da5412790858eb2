using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Tests.Peers;

/// <summary>RFC 4380 §5.2.6: how often bubbles go to one peer.</summary>
public sealed class BubbleScheduleTests
{
    static Instant At(double seconds) => Instant.FromSeconds(seconds);

    [Test]
    public void Bubbles_AreTwoSecondsApart_AndFourInFiveMinutes()
    {
        var schedule = new BubbleSchedule();
        Assert.That((schedule.Count, schedule.Last, schedule.WindowEnd, schedule.IsExhausted(At(0))), Is.EqualTo((0, Instant.MinValue, Instant.MinValue, false)));
        Assert.That(schedule.TryGrant(At(10)), Is.True);
        foreach (int second in new[] { 12, 14, 16 })
            Assert.That((schedule.TryGrant(At(second - 0.01)), schedule.TryGrant(At(second))), Is.EqualTo((false, true)));
        Assert.That((schedule.Count, schedule.Last, schedule.WindowEnd), Is.EqualTo((4, At(16), At(310))));
        Assert.That((schedule.IsExhausted(At(309.99)), schedule.TryGrant(At(309.99))), Is.EqualTo((true, false)));
        Assert.That((schedule.IsExhausted(At(310)), schedule.TryGrant(At(310))), Is.EqualTo((false, true)));
        Assert.That((schedule.Count, schedule.WindowEnd), Is.EqualTo((1, At(610))));
    }

    [Test]
    public void Reset_GivesTheWholeBudgetBack_ButKeepsTheSpacing()
    {
        var schedule = Started(At(0));
        schedule.Reset();
        Assert.That((schedule.Count, schedule.Last, schedule.WindowEnd), Is.EqualTo((0, At(0), Instant.MinValue)));
        Assert.That(schedule.TryGrant(At(1.99)), Is.False);
        Assert.That(schedule.TryGrant(At(2)), Is.True);
        Assert.That(schedule.WindowEnd, Is.EqualTo(At(302)), "the window starts anew");
    }

    [Test]
    public void Window_ThatIsOver_StartsAnew()
    {
        var schedule = Started(At(0));
        Assert.That(schedule.TryGrant(At(299.99)), Is.True);
        Assert.That((schedule.Count, schedule.WindowEnd), Is.EqualTo((2, At(300))));
        Assert.That(schedule.TryGrant(At(302)), Is.True);
        Assert.That((schedule.Count, schedule.WindowEnd), Is.EqualTo((1, At(602))));
    }

    static BubbleSchedule Started(Instant at)
    {
        var schedule = new BubbleSchedule();
        Assert.That(schedule.TryGrant(at), Is.True);
        return schedule;
    }
}
