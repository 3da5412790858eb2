using TeredoSdk.Windows;
using static TeredoSdk.Windows.Native.Filtering.EdgeTraversalRule;

namespace TeredoSdk.Tests.Windows;

public class EdgeTraversalRuleTests
{
    const uint CalloutInspection = 0x6004; // fwptypes.h: FWP_ACTION_CALLOUT_INSPECTION
    static readonly Guid Nobody = Guid.Empty;
    static readonly Guid ListenCallout = new("81a434e7-f60c-4378-bab8-c625a30f0197");

    [Test]
    public void Classify_BlockOfAllThatComesIn_IsTheDefaultBlock() => Assert.That(
        Classify(AcceptLayer, Block, Nobody, false), Is.EqualTo(EdgeTraversalFilterKind.DefaultBlock));

    [Test]
    public void Classify_BlockOfOneProgram_IsNotTheDefaultBlock() => Assert.That(
        Classify(AcceptLayer, Block, Nobody, true), Is.EqualTo(EdgeTraversalFilterKind.Other));

    [Test]
    public void Classify_PermitOfOneProgram_IsAPermit() => Assert.That(
        Classify(AcceptLayer, Permit, Nobody, true), Is.EqualTo(EdgeTraversalFilterKind.Permit));

    [Test]
    public void Classify_CalloutWhereSocketsListen_IsDormancy() => Assert.Multiple(() =>
    {
        foreach (var layer in new[] { ListenLayer, AssignmentLayer })
            Assert.That(Classify(layer, CalloutInspection, Nobody, false), Is.EqualTo(EdgeTraversalFilterKind.Dormancy));
        Assert.That(Classify(Nobody, CalloutInspection, ListenCallout, false), Is.EqualTo(EdgeTraversalFilterKind.Dormancy));
    });

    [Test]
    public void Classify_AnythingElse_IsOther() => Assert.Multiple(() =>
    {
        Assert.That(Classify(AcceptLayer, CalloutInspection, Nobody, false), Is.EqualTo(EdgeTraversalFilterKind.Other));
        Assert.That(Classify(ListenLayer, Permit, Nobody, true), Is.EqualTo(EdgeTraversalFilterKind.Other));
    });
}
