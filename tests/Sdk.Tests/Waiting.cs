namespace TeredoSdk.Tests;

/// <summary>Waits for what must happen, with a time limit that only a failing test reaches.</summary>
static class Waiting
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task InTime(this Task task) => task.WaitAsync(Limit);

    public static Task<T> InTime<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Limit);

    public static Task InTime(this ValueTask task) => task.AsTask().WaitAsync(Limit);

    /// <summary>The next change of a reader.</summary>
    public static async Task<TeredoStateChange> NextAsync(this IAsyncEnumerator<TeredoStateChange> changes) =>
        await changes.MoveNextAsync().InTime() ? changes.Current : throw new AssertionException("The node told no more changes.");
}
