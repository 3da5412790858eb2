namespace TeredoSdk.Tests.Shared;

/// <summary>What code takes from the heap.</summary>
static class Allocations
{
    const int Rounds = 10;
    const long Noise = 64 * 1024;

    /// <summary>
    /// Fails when each of some rounds allocates, or all of them a lot. One round may: the runtime itself allocates now and then on the thread whose
    /// method it compiles anew, and when it does so depends on the machine's load. What the code under test allocates, it allocates in each round.
    /// </summary>
    /// <param name="round">Does the same each time. It is called once to warm up.</param>
    public static void AssertNone(Action round)
    {
        long[] allocated = Measure(round, GC.GetAllocatedBytesForCurrentThread);
        Assert.That(allocated.Min(), Is.Zero, $"octets in each round: {string.Join(", ", allocated)}");
        Assert.That(allocated.Sum(), Is.LessThan(Noise), $"octets in each round: {string.Join(", ", allocated)}");
    }

    /// <summary>
    /// Fails when each of some rounds allocates an object for each thing that it does, on any thread. The test must be the only one that runs. The runtime's own
    /// threads allocate a little beside it.
    /// </summary>
    /// <param name="round">Does the same each time. It is called once to warm up.</param>
    /// <param name="times">How many things a round does.</param>
    public static void AssertNoneEachTime(Action round, int times)
    {
        const int smallestObject = 24;
        long[] allocated = Measure(round, () => GC.GetTotalAllocatedBytes(precise: true));
        Assert.That(allocated.Min(), Is.LessThan(times * smallestObject / 2), $"octets in each round: {string.Join(", ", allocated)}");
    }

    static long[] Measure(Action round, Func<long> count)
    {
        round();
        long[] allocated = new long[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long before = count();
            round();
            allocated[i] = count() - before;
        }
        return allocated;
    }
}
