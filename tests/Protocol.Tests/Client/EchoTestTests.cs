using TeredoSdk.Protocol.Client;
using Answer = TeredoSdk.Protocol.Client.Advertisement;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>What one random port knows of its NAT (RFC 6081 §5.5): which answers it takes, and what it forgets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class EchoTestTests
{
    const ulong Lower = 7, Upper = 8;

    readonly EchoTest _test = new();

    static Answer At(ulong nonce, ushort port) => new(nonce, new(Lab.Mapped.Address, port), null, false);

    [Test]
    public void Ports_AreTakenOnceEach_AndTheBubblesLiesBetween()
    {
        _test.Start(default, Lower, Upper);
        Assert.Multiple(() =>
        {
            Assert.That(_test.TryTakeLower(At(Upper, 40000)), Is.False, "the other's nonce");
            Assert.That(_test.TryTakeUpper(At(Lower, 40000)), Is.False, "the other's nonce");
            Assert.That(_test.TryTakeLower(At(Lower, 40000)), Is.True);
            Assert.That(_test.TryTakeLower(At(Lower, 50000)), Is.False, "it is known");
            Assert.That(_test.IsComplete, Is.False);
            Assert.That(_test.TryTakeUpper(At(Upper, 40004)), Is.True);
            Assert.That((_test.IsComplete, _test.Step, _test.Between), Is.EqualTo((true, 4, (ushort)40002)));
        });
    }

    [Test]
    public void Retry_KeepsWhatIsKnown_AfterTwoSeconds_AndTheThirdTryIsALaterRounds()
    {
        _test.Start(default, Lower, Upper);
        _test.TryTakeUpper(At(Upper, 40004));
        Assert.That(_test.FailoverAt, Is.EqualTo(Instant.FromSeconds(1)));
        Assert.That((_test.FailOver(), _test.FailoverAt), Is.EqualTo((true, (Instant?)null)));
        _test.Start(Instant.FromSeconds(1), 9, 10);
        Assert.That(_test.FailoverAt, Is.EqualTo(Instant.FromSeconds(3)));
        Assert.That(_test.FailOver(), Is.False);
        _test.Start(Instant.FromSeconds(8), 11, 12);
        Assert.That(_test.FailoverAt, Is.EqualTo(Instant.FromSeconds(9)), "from the beginning");
        Assert.That(_test.TryTakeLower(At(Lower, 40000)), Is.False, "late");
        Assert.That(_test.TryTakeLower(At(11, 40000)), Is.True);
        Assert.That((_test.IsComplete, _test.Step), Is.EqualTo((true, 4)));
        _test.Stop();
        Assert.That((_test.IsComplete, _test.FailoverAt), Is.EqualTo((true, (Instant?)null)));
    }

    [Test]
    public void Reset_ForgetsBothPorts_AndTheTries()
    {
        _test.Start(default, Lower, Upper);
        _test.TryTakeLower(At(Lower, 40000));
        _test.TryTakeUpper(At(Upper, 40004));
        _test.Reset();
        Assert.That((_test.IsComplete, _test.Step), Is.EqualTo((false, 0)));
        _test.Start(Instant.FromSeconds(30), 9, 10);
        Assert.That(_test.FailoverAt, Is.EqualTo(Instant.FromSeconds(31)));
        Assert.That(_test.TryTakeLower(At(9, 41000)) && _test.TryTakeUpper(At(10, 41002)), Is.True);
        Assert.That(_test.Between, Is.EqualTo(41001));
    }
}
