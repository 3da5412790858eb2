using System.Reflection;
using TeredoSdk.Engine.Stacks;

namespace TeredoSdk.Tests;

/// <summary>Memory that pointers lead to never moves: the runtime allocates pinned arrays in a heap of their own, which belongs to the oldest generation.</summary>
public sealed class PinnedMemoryTests
{
    static readonly Type[] Owners = [typeof(DatagramSlots), typeof(DatagramBatch)];

    [TestCaseSource(nameof(Owners))]
    public void Memory_DoesNotMove(Type owner)
    {
        object fresh = owner == typeof(DatagramSlots) ? new DatagramSlots(1) : new DatagramBatch(1, 40);
        object[] arrays = [.. fresh.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Select(field => field.GetValue(fresh)!)
            .Where(value => value is byte[] or Piece[])];
        Assert.That(arrays, Is.Not.Empty);
        Assert.That(arrays.Select(GC.GetGeneration), Is.All.EqualTo(GC.MaxGeneration));
        Assert.That(GC.GetGeneration(new byte[1280]), Is.LessThan(GC.MaxGeneration), "other arrays do");
    }
}
