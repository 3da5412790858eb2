using NUnit.Framework.Interfaces;
using TeredoSdk.NatMatrix;

namespace TeredoSdk.Protocol.Tests.Matrix;

/// <summary>RFC 6081 figure 1 in the simulated internet: every ordered pair of the nine kinds of NAT.</summary>
/// <remarks>The reviewed copy is nat-matrix.txt; <c>dotnet run -c Release --project tests/NatMatrix</c> prints a new one.</remarks>
public sealed class NatMatrixTests
{
    static readonly Lazy<IReadOnlyList<Cell>> Cells = new(() => TeredoSdk.NatMatrix.Matrix.Run());

    static IEnumerable<TestCaseData> Pairs => from initiator in Expectation.Kinds
                                              from responder in Expectation.Kinds
                                              select new TestCaseData((int)initiator * Expectation.Kinds.Count + (int)responder)
                                                  .SetArgDisplayNames($"{Expectation.Short(initiator)} to {Expectation.Short(responder)}");

    [Slow]
    [TestCaseSource(nameof(Pairs))]
    [Conformance("C-035", "C-036", "C-174")]
    public void Pair_ThatIsPromised_Connects_AndOthersFailWithACause(int index)
    {
        var cell = Cells.Value[index];
        RememberRunsOf(cell);
        switch (cell.Promise)
        {
            case Promise.Base:
                Assert.That(cell.Clean.Connected, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(1)), "without loss");
                Assert.That(cell.Rate, Is.GreaterThanOrEqualTo(0.95), "with loss");
                break;
            case Promise.Extension:
                Assert.That(cell.Clean.Connected, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(5)), "without loss");
                Assert.That(cell.Rate, Is.GreaterThanOrEqualTo(0.85), "with loss");
                break;
            default:
                // "No" is what is not promised. What fails all the same fails within the bubble budget, and says why.
                Assert.That(cell.Clean.Connected is not null || cell.Clean.Failed <= TimeSpan.FromSeconds(12), Is.True, $"{cell.Clean}");
                Assert.That(cell.Clean.Connected is not null || cell.Clean.Reason is not null, Is.True);
                break;
        }
    }

    // What to run again, with a pcap, when the test fails.
    readonly List<(string Name, Func<string?, Outcome> Run)> _runs = [];

    [SetUp]
    public void ForgetRuns() => _runs.Clear();

    [TearDown]
    public void WritePcapsOfFailure()
    {
        var context = TestContext.CurrentContext;
        if (context.Result.Outcome.Status != TestStatus.Failed)
            return;
        foreach (var (name, run) in _runs)
        {
            string path = Path.Combine(context.WorkDirectory, $"nat-matrix {name.Replace("->", "to", StringComparison.Ordinal)}.pcap");
            run(path);
            TestContext.AddTestAttachment(path, name);
        }
    }

    void RememberRunsOf(Cell cell)
    {
        string name = $"{Expectation.Short(cell.Initiator)} -> {Expectation.Short(cell.Responder)}";
        _runs.Add((name, pcap => TeredoSdk.NatMatrix.Matrix.RunClean(cell.Initiator, cell.Responder, pcap)));
        _runs.Add(($"{name}, with loss", pcap => RunFirstThatFails(cell, pcap)));
    }

    static Outcome RunFirstThatFails(Cell cell, string? pcap)
    {
        ulong seed = 1;
        while (seed < TeredoSdk.NatMatrix.Matrix.Seeds
            && TeredoSdk.NatMatrix.Matrix.RunLossy(cell.Initiator, cell.Responder, seed).Connected is not null)
            seed++;
        return TeredoSdk.NatMatrix.Matrix.RunLossy(cell.Initiator, cell.Responder, seed, pcap);
    }

    [Slow]
    [Test]
    public void Matrix_IsTheReviewedOne()
    {
        string path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Matrix", "nat-matrix.txt");
        Assert.That(TeredoSdk.NatMatrix.Matrix.Format(Cells.Value), Is.EqualTo(File.ReadAllText(path).ReplaceLineEndings("\n")),
            "the matrix changed: look at the new one (dotnet run -c Release --project tests/NatMatrix) and keep it if it is right");
    }

    [TestCaseSource(nameof(Pairs))]
    public void PromisedPair_OfNatsThatClashAsLinuxDoes_ConnectsAllTheSame(int index)
    {
        var (initiator, responder) = (Expectation.Kinds[index / Expectation.Kinds.Count], Expectation.Kinds[index % Expectation.Kinds.Count]);
        _runs.Add(($"{Expectation.Short(initiator)} -> {Expectation.Short(responder)}, clashing",
            pcap => TeredoSdk.NatMatrix.Matrix.RunClashing(initiator, responder, pcap)));
        var outcome = TeredoSdk.NatMatrix.Matrix.RunClashing(initiator, responder);
        if (Expectation.Of(initiator, responder) != Promise.None)
            Assert.That(outcome.Connected?.TotalSeconds ?? double.PositiveInfinity, Is.LessThanOrEqualTo(5), $"{outcome}");
        else
            Assert.That(outcome.Connected is not null || outcome is { Failed.TotalSeconds: <= 12, Reason: not null }, Is.True, $"{outcome}");
    }

    static IEnumerable<TestCaseData> Nestings => NestedPairs.Nestings.Select(nesting => new TestCaseData(nesting.Inner, nesting.Outer));

    [Slow]
    [TestCaseSource(nameof(Nestings))]
    public void HostBehindTwoNats_ConnectsAsTheirComposedBehaviourPromises(TeredoSdk.Testing.NatKind inner, TeredoSdk.Testing.NatKind outer)
    {
        Assert.Multiple(() =>
        {
            foreach (var (name, promise, run) in NestedPairs.Of(inner, outer))
            {
                var outcome = run(null);
                double limit = promise == Promise.Base ? 1 : 5;
                bool holds = promise != Promise.None ? outcome.Connected?.TotalSeconds <= limit
                    : outcome.Connected is not null || outcome is { Failed.TotalSeconds: <= 12, Reason: not null };
                if (!holds)
                    _runs.Add((name, run));
                Assert.That(holds, Is.True, $"{name}: {promise}, {outcome}");
            }
        });
    }
}
