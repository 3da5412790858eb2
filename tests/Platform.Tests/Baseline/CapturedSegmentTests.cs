using System.Net;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>The judge of captured segments finds what no TCP may do, and nothing else.</summary>
public class CapturedSegmentTests
{
    const string Ours = "2001:db8::1", Peer = "2001:db8::2";

    // number, sender, start, end, acknowledgment, window, timestamp, echo
    static readonly string[] Opening = [Line(Ours, 0, 1, 0, 1000, 10, 0), Line(Peer, 0, 1, 1, 1000, 50, 10), Line(Ours, 1, 1, 1, 1000, 11, 50)];

    static string Line(string source, long start, long end, long acknowledgment, long window, long timestamp, long echo) =>
        $"1\t{source}\t0\t{start}\t{end}\t{acknowledgment}\t{window}\t{timestamp}\t{echo}";

    static string Bare(string source, long start, long end, long acknowledgment, long window) =>
        $"1\t{source}\t0\t{start}\t{end}\t{acknowledgment}\t{window}\t\t";

    static string[] Judge(params string[] lines) =>
        [.. CapturedSegment.FaultsOf(Opening.Concat(lines).Select(CapturedSegment.Parse), new HashSet<IPAddress> { IPAddress.Parse(Ours) })];

    [Test]
    public void AcknowledgmentOfWhatThePeerDidNotSend_IsAFault() => Assert.Multiple(() =>
    {
        Assert.That(Judge(Line(Peer, 1, 101, 1, 1000, 51, 11), Line(Ours, 1, 1, 101, 1000, 12, 51)), Is.Empty);
        Assert.That(Judge(Line(Peer, 1, 101, 1, 1000, 51, 11), Line(Ours, 1, 1, 102, 1000, 12, 51)), Has.One.StartsWith("acknowledges more"));
    });

    [Test]
    public void OctetsBeyondTheWindow_AreAFault_ExceptAProbe() => Assert.Multiple(() =>
    {
        Assert.That(Judge(Line(Ours, 1, 1001, 1, 1000, 12, 50), Line(Ours, 1001, 1002, 1, 1000, 13, 50)), Is.Empty);
        Assert.That(Judge(Line(Ours, 1, 1002, 1, 1000, 12, 50)), Has.One.StartsWith("goes beyond"));
        Assert.That(Judge(Line(Ours, 1, 1001, 1, 1000, 12, 50), Line(Ours, 1001, 1003, 1, 1000, 13, 50)), Has.One.StartsWith("goes beyond"));
    });

    [Test]
    public void RepeatOfWhatWasAcknowledged_IsAFault_OnceALaterTimestampIsEchoed() => Assert.Multiple(() =>
    {
        string sent = Line(Ours, 1, 101, 1, 1000, 12, 50);
        string acknowledged = Line(Peer, 1, 1, 101, 1000, 51, 12), later = Line(Peer, 1, 1, 101, 900, 52, 12);
        Assert.That(Judge(sent, acknowledged, Line(Ours, 1, 101, 1, 1000, 13, 51)), Is.Empty, "another of that timestamp may have come first");
        Assert.That(Judge(sent, acknowledged, later, Line(Ours, 1, 101, 1, 1000, 13, 50)), Is.Empty, "they crossed");
        Assert.That(Judge(sent, acknowledged, later, Line(Ours, 1, 101, 1, 1000, 13, 52)), Has.One.StartsWith("sends again"));
        Assert.That(Judge(sent, Line(Ours, 1, 101, 1, 1000, 13, 52)), Is.Empty, "nothing was acknowledged");
    });

    [Test]
    public void RepeatOfWhatWasAcknowledged_IsAFault_OnceWhatCameWithItIsAcknowledged() => Assert.Multiple(() =>
    {
        string sent = Bare(Ours, 1, 101, 1, 1000), acknowledged = Bare(Peer, 1, 201, 101, 1000);
        Assert.That(Judge(sent, acknowledged, Bare(Ours, 1, 101, 1, 1000)), Is.Empty, "they crossed");
        Assert.That(Judge(sent, acknowledged, Bare(Ours, 1, 101, 201, 1000)), Has.One.StartsWith("sends again"));
    });
}
