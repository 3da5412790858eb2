using System.Net;

namespace TeredoSdk.Cli.Traffic;

/// <summary>Prints the line that scripts wait for, and prints it again when the address has changed.</summary>
static class Announcement
{
    public static async Task RunAsync(Func<IPEndPoint?> endPointNow, IAsyncEnumerable<TeredoStateChange> stateChanges, CancellationToken ended)
    {
        await using var changes = stateChanges.GetAsyncEnumerator(ended);
        IPEndPoint? told = null;
        do
        {
            if (endPointNow() is { } endPoint && !endPoint.Equals(told))
                Output.Notice($"listening on {told = endPoint}");
        }
        while (await IsChangedAsync(changes));
    }

    static async Task<bool> IsChangedAsync(IAsyncEnumerator<TeredoStateChange> changes)
    {
        try
        {
            return await changes.MoveNextAsync();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
