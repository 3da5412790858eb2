using TeredoSdk.Engine.Stacks;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>What the stacks remember of their flows.</summary>
public sealed class FlowTableTests
{
    const int Generation = 10;

    readonly FlowTable<int> _table = new(TimeSpan.FromMinutes(5), Generation);

    [Test]
    public void Flows_AreBounded_AndTheYoungestStay()
    {
        var now = Instant.FromSeconds(1);
        for (int flow = 0; flow < 100 * Generation; flow++)
            _table.Open(now, flow);
        int[] known = [.. Enumerable.Range(0, 100 * Generation).Where(flow => _table.Contains(now, flow))];
        Assert.That(known, Has.Length.InRange(Generation, 2 * Generation).And.SupersetOf(Enumerable.Range(99 * Generation, Generation)));
    }

    [Test]
    public void Flow_ThatIsUsedAgainAndAgain_DisplacesNoOther()
    {
        var now = Instant.FromSeconds(1);
        for (int flow = 0; flow < Generation; flow++)
            _table.Open(now, flow);
        for (int i = 0; i < 10 * Generation; i++)
            _table.Open(now, 0);
        Assert.That(Enumerable.Range(0, Generation).All(flow => _table.Contains(now, flow)));
    }
}
