using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Tests.Peers;

public class DeadlineHeapTests
{
    public readonly record struct Step(bool Set, byte Key, byte Seconds);

    [Property(MaxTest = 300)]
    public void DeadlineHeap_AnySequenceOfCalls_PeeksTheEarliestOfAMap(Step[] steps)
    {
        var heap = new DeadlineHeap();
        var model = new Dictionary<int, Instant>();
        foreach (var (set, key, seconds) in steps)
        {
            if (set)
            {
                heap.Set(key, Instant.FromSeconds(seconds));
                model[key] = Instant.FromSeconds(seconds);
            }
            else
            {
                heap.Remove(key);
                model.Remove(key);
            }
            Assert.That(heap.Count, Is.EqualTo(model.Count));
            Assert.That(heap.TryPeek(out int earliest, out var at), Is.EqualTo(model.Count > 0));
            if (model.Count > 0)
            {
                Assert.That(at, Is.EqualTo(model.Values.Min()));
                Assert.That(model[earliest], Is.EqualTo(at));
            }
        }
        var drained = new List<Instant>();
        while (heap.TryPeek(out int key, out var at))
        {
            drained.Add(at);
            heap.Remove(key);
        }
        Assert.That(drained, Is.Ordered.And.EquivalentTo(model.Values));
    }

    [Test]
    public void DeadlineHeap_Cleared_HoldsNothing()
    {
        var heap = new DeadlineHeap();
        heap.Set(3, Instant.FromSeconds(1));
        heap.Clear();
        Assert.That(heap.TryPeek(out _, out _), Is.False);
        heap.Set(3, Instant.FromSeconds(2));
        Assert.That(heap.TryPeek(out int key, out var at), Is.True);
        Assert.That((key, at), Is.EqualTo((3, Instant.FromSeconds(2))));
    }
}
