using TeredoSdk.Engine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>Which attempts end when a peer can't be reached.</summary>
public sealed class PeerWatchTests
{
    static readonly IPv6Address Peer = IPv6Address.Parse("2001:0:c000:201::1"), Other = IPv6Address.Parse("2001:0:c000:201::2");
    static readonly IPv6Address Here = IPv6Address.Parse("2001:0:c000:201::3"), There = IPv6Address.Parse("2001:0:c000:201::4");
    static readonly TeredoException Problem = new(TeredoError.PeerUnreachable, "It is silent.");

    static IEnumerable<TestCaseData> Cases =>
    [
        new TestCaseData(Peer, Here, true).SetArgDisplayNames("this peer, from here"),
        new TestCaseData(Peer, null, true).SetArgDisplayNames("this peer, from anywhere"),
        new TestCaseData(Peer, There, false).SetArgDisplayNames("this peer, from there"),
        new TestCaseData(Other, Here, false).SetArgDisplayNames("another peer"),
    ];

    [TestCaseSource(nameof(Cases))]
    public void Attempt_EndsWithItsPeerAndItsSource(IPv6Address peer, IPv6Address? from, bool ends)
    {
        var watch = new PeerWatch();
        using var attempt = new CancellationTokenSource();
        using var entry = watch.Add(Peer, Here, attempt);
        watch.HandleUnreachable(peer, from, Problem);
        Assert.That(entry.Problem, Is.SameAs(ends ? Problem : null));
        Assert.That(attempt.Token.WaitHandle.WaitOne(ends ? Patience.Limit : TimeSpan.Zero), Is.EqualTo(ends));
    }

    [Test]
    public void Attempt_WithoutASource_EndsWithItsPeer_AndKeepsTheFirstProblem()
    {
        var watch = new PeerWatch();
        using var attempt = new CancellationTokenSource();
        using var entry = watch.Add(Peer, null, attempt);
        watch.HandleUnreachable(Peer, There, Problem);
        watch.HandleUnreachable(Peer, There, new(TeredoError.PeerUnreachable, "It is silent still."));
        Assert.That(entry.Problem, Is.SameAs(Problem));
    }

    [Test]
    public void Attempt_ThatIsOver_IsLeftAlone()
    {
        var watch = new PeerWatch();
        using var attempt = new CancellationTokenSource();
        var entry = watch.Add(Peer, Here, attempt);
        entry.Dispose();
        watch.HandleUnreachable(Peer, Here, Problem);
        Assert.That(entry.Problem, Is.Null);
    }
}
