using System.Globalization;

namespace TeredoSdk.Churn;

/// <summary>What this process holds of the machine.</summary>
/// <param name="Open">Open descriptors: how many there are of each kind.</param>
/// <param name="Threads">Threads.</param>
/// <param name="HeapOctets">The managed heap after a full collection.</param>
/// <param name="ResidentOctets">Resident memory.</param>
public readonly record struct Reading(IReadOnlyDictionary<string, int> Open, int Threads, long HeapOctets, long ResidentOctets)
{
    /// <summary>How much more than before is still flat: what a thread pool and an allocator keep for later, and no more.</summary>
    public const int MoreDescriptors = 8, MoreThreads = 24;
    /// <summary>As above, for memory.</summary>
    public const long MoreHeapOctets = 8L << 20, MoreResidentOctets = 64L << 20;

    /// <summary>How many descriptors are open.</summary>
    public int Descriptors => Open.Values.Sum();

    /// <summary>Reads it, once everything that is going on has ended and what can be collected is.</summary>
    public static async Task<Reading> TakeAsync()
    {
        var reading = Take();
        for (int i = 0; i < 50; i++) // closing connections and idle threads take a moment
        {
            await Task.Delay(100).ConfigureAwait(false);
            var next = Take();
            if (next.Descriptors >= reading.Descriptors && next.HeapOctets >= reading.HeapOctets - (64 << 10) && i > 5)
                return next;
            reading = next;
        }
        return reading;
    }

    /// <summary>What is no longer flat, or null.</summary>
    public string? FindLeak(Reading before) =>
        Descriptors > before.Descriptors + MoreDescriptors ? $"{Descriptors - before.Descriptors} descriptors are left open: {FindNew(before)}"
        : Threads > before.Threads + MoreThreads ? $"{Threads - before.Threads} threads are left"
        : HeapOctets > before.HeapOctets + MoreHeapOctets ? $"the heap grew by {(HeapOctets - before.HeapOctets) >> 10} KiB"
        : ResidentOctets > before.ResidentOctets + MoreResidentOctets ? $"the process grew by {(ResidentOctets - before.ResidentOctets) >> 10} KiB" : null;

    /// <summary>The kinds of descriptors of which there are more than before.</summary>
    public string FindNew(Reading before) => string.Join(", ",
        Open.Select(kind => (kind.Key, More: kind.Value - before.Open.GetValueOrDefault(kind.Key))).Where(kind => kind.More > 0)
            .Select(kind => $"{kind.More} {kind.Key}"));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Descriptors,5} descriptors, {Threads,3} threads, heap {HeapOctets / 1048576.0,6:F1} MiB, resident {ResidentOctets / 1048576.0,6:F1} MiB");

    static Reading Take()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var open = Directory.GetFiles("/proc/self/fd").CountBy(KindOf).ToDictionary();
        return new(open, Directory.GetDirectories("/proc/self/task").Length, GC.GetTotalMemory(true), Environment.WorkingSet);
    }

    // "socket:[4242]" is a socket, and "/usr/lib/name.so" is that file.
    static string KindOf(string descriptor)
    {
        string target = new FileInfo(descriptor).LinkTarget ?? "closed";
        return target.StartsWith('/') ? Path.GetFileName(target) : string.Concat(target.Where(c => c is not ((>= '0' and <= '9') or ':' or '[' or ']')));
    }
}
