using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>When a reading thread counts as busy, and when as calm.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LoopLoadTests
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Window = TimeSpan.FromMilliseconds(5);

    readonly ManualTime _time = new();

    [Test]
    public void Calm_IsWhoBeginsSo_OthersAfterASecond()
    {
        Assert.That(new LoopLoad(isCalm: true, _time).IsCalm);
        var load = new LoopLoad(isCalm: false, _time);
        _time.Advance(Second - TimeSpan.FromTicks(1));
        Assert.That(load.IsCalm, Is.False);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.That((load.IsCalm, load.IsBusy), Is.EqualTo((true, false)));
    }

    [TestCase(100, false, true)]
    [TestCase(90, false, true)]
    [TestCase(89, false, false)]
    [TestCase(50, false, false)]
    [TestCase(49, true, false)]
    [TestCase(0, true, false)]
    public void ShareOfAWindow_ThatWasWaited_DecidesBoth(int percent, bool isBusy, bool isCalm)
    {
        var load = new LoopLoad(isCalm: true, _time);
        for (int window = 0; window < 3; window++) // each counts alone
        {
            var wait = Window * percent / 100;
            load.BeginWait();
            _time.Advance(wait);
            Assert.That(load.EndWait(), Is.EqualTo(wait == Window));
            _time.Advance(Window - wait);
            load.BeginWait();
            Assert.That(load.EndWait(), Is.EqualTo(wait < Window));
            Assert.That((load.IsBusy, load.IsCalm), Is.EqualTo((isBusy, isCalm)));
        }
        _time.Advance(Second - TimeSpan.FromTicks(1));
        Assert.That(load.IsCalm, Is.EqualTo(isCalm));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.That(load.IsCalm, "it did nothing for a second");
    }

    [Test]
    public void WaitsOfOneWindow_AreAddedUp()
    {
        var load = new LoopLoad(isCalm: true, _time);
        for (int i = 0; i < 4; i++)
        {
            Assert.That(Turn(TimeSpan.FromMilliseconds(0.9), TimeSpan.FromMilliseconds(0.1)), Is.False);
        }
        Assert.That(Turn(TimeSpan.FromMilliseconds(1), TimeSpan.Zero), Is.True);
        Assert.That((load.IsBusy, load.IsCalm), Is.EqualTo((false, true)), "92 % were waited");

        bool Turn(TimeSpan waits, TimeSpan works)
        {
            load.BeginWait();
            _time.Advance(waits);
            bool isOver = load.EndWait();
            _time.Advance(works);
            return isOver;
        }
    }
}
