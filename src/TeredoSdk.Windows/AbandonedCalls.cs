using System.Collections.Concurrent;

namespace TeredoSdk.Windows;

/// <summary>
/// The calls of the system that were given up while they went on. What undoes a change waits for them: a call that ends later would make the change anew.
/// </summary>
sealed class AbandonedCalls
{
    static readonly AsyncLocal<AbandonedCalls?> Present = new();

    readonly ConcurrentQueue<Task> _calls = [];

    /// <summary>Begins to collect those of the calling method, and of all that it calls.</summary>
    public static AbandonedCalls Collect() => Present.Value = new();

    /// <summary>Notes a call that nobody waits for any more, unless it has ended.</summary>
    public static void Note(Task call)
    {
        if (!call.IsCompleted)
            Present.Value?._calls.Enqueue(call);
    }

    /// <summary>Waits until all of them have ended, as long as a call may take; how they ended does not matter.</summary>
    /// <returns>False when one still goes on.</returns>
    public async Task<bool> HaveEndedAsync(TimeProvider time)
    {
        var limit = Task.Delay(PatientCall.Limit, time);
        while (_calls.FirstOrDefault(call => !call.IsCompleted) is { } call) // one that ends may have given up others
            if (await Task.WhenAny(call, limit).ConfigureAwait(false) == limit)
                return false;
        return true;
    }
}
