namespace TeredoSdk.Architecture.Tests;

/// <summary>What every test project prints about skipped tests (tests/Shared).</summary>
public class SkipReasonTests
{
    [Test]
    public void SkippedTests_AreToldByReason() => Assert.That(
        SkipReasonsAttribute.Describe([("A", "no root"), ("B", "no miredo"), ("C", "no root"), ("D", "no root"), ("E", "no root")]),
        Is.EqualTo(new[] { "4 skipped: no root (A, C, D, ...)", "1 skipped: no miredo (B)" }));
}
