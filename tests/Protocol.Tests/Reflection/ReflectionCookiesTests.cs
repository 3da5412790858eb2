using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Tests.Client;

namespace TeredoSdk.Protocol.Tests.Reflection;

/// <summary>The proof that a client gets what is sent to its address (docs/protocol §9): good for it alone, for this check, and not for long.</summary>
public sealed class ReflectionCookiesTests
{
    static readonly TeredoAddress Asker = Lab.Peer(Lab.Mapped), Other = Lab.Peer(Lab.OtherMapped);

    [TestCase(0, 59.99, true)]
    [TestCase(0, 60, false)]
    [TestCase(29.99, 59.99, true)]
    [TestCase(29.99, 60, false)]
    [TestCase(30, 89.99, true)]
    [TestCase(30, 90, false)]
    [TestCase(30, 29.99, false)]
    public void Cookie_IsGoodFor30To60Seconds(double made, double shown, bool isGood)
    {
        var cookies = new ReflectionCookies(new SeededRandom(1));
        var cookie = cookies.Make(Instant.FromSeconds(made), Asker, 7);
        Assert.That(cookies.IsGood(Instant.FromSeconds(shown), Asker, 7, cookie), Is.EqualTo(isGood));
    }

    [Test]
    public void Cookie_OfAnotherAskerTokenOrServer_IsNotGood()
    {
        ReflectionCookies cookies = new(new SeededRandom(1)), ofAnother = new(new SeededRandom(2));
        var cookie = cookies.Make(default, Asker, 7);
        Assert.Multiple(() =>
        {
            Assert.That(cookies.IsGood(default, Asker, 7, cookie), Is.True);
            Assert.That(cookies.IsGood(default, Other, 7, cookie), Is.False);
            Assert.That(Enumerable.Range(0, 64).Where(bit => cookies.IsGood(default, Asker, 7 ^ (1UL << bit), cookie)), Is.Empty);
            Assert.That(Enumerable.Range(0, 128).Where(bit => cookies.IsGood(default, Asker, 7, cookie ^ (UInt128.One << bit))), Is.Empty);
            Assert.That(ofAnother.IsGood(default, Asker, 7, cookie), Is.False);
        });
    }
}
