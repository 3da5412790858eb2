namespace TeredoSdk.Tests;

/// <summary>Waits for what must happen, with a time limit that only a failing test reaches.</summary>
static class Waiting
{
    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Patience.Limit);

    public static Task InTime(this Task task) => task.WaitAsync(Patience.Limit);

    /// <summary>As <see cref="InTime(Task)"/>, and says how things stand when the time is over.</summary>
    public static async Task InTime(this Task task, Func<string> describe)
    {
        try
        {
            await task.WaitAsync(Patience.Limit);
        }
        catch (TimeoutException)
        {
            Assert.Fail(describe());
        }
    }

    public static Task<T> InTime<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Patience.Limit);

    public static Task InTime(this ValueTask task) => task.AsTask().WaitAsync(Patience.Limit);

    /// <summary>The next change of a reader.</summary>
    public static async Task<TeredoStateChange> NextAsync(this IAsyncEnumerator<TeredoStateChange> changes) =>
        await changes.MoveNextAsync().InTime() ? changes.Current : throw new AssertionException("The node told no more changes.");
}
