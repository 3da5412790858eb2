namespace TeredoSdk.Protocol.Tests;

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
        round();
        long[] allocated = new long[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            allocated[i] = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.That(allocated.Min(), Is.Zero, $"octets in each round: {string.Join(", ", allocated)}");
        Assert.That(allocated.Sum(), Is.LessThan(Noise), $"octets in each round: {string.Join(", ", allocated)}");
    }
}
