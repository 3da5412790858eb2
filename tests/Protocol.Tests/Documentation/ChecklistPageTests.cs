using TeredoSdk.Protocol.Tests.Checklist;

namespace TeredoSdk.Protocol.Tests.Documentation;

/// <summary>The checklist's page says what the checklist says.</summary>
public class ChecklistPageTests
{
    [Test]
    public void Page_IsMadeFromTheChecklist() => Assert.That(Pages.Read("docs/protocol/checklist.md"), Is.EqualTo(ChecklistPage.Format(ConformanceTable.Load())),
        "Write it anew: dotnet run --project tests/Conformance -- --page > docs/protocol/checklist.md");
}
