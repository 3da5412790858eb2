namespace TeredoSdk.Protocol.Tests.Checklist;

/// <summary>Nothing of the checklist is forgotten.</summary>
public class EveryRowTests
{
    [Test]
    public void EveryRow_HasATestOrAWrittenReason() =>
        Assert.That(ConformanceTable.Load().Concat(ConformanceTable.LoadTcp()).Where(row => row.Status == "OPEN").Select(row => $"{row.Id} ({row.Role}): {row.Requirement}"), Is.Empty);
}
