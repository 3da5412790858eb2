using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Churn;

/// <summary>Puts the load on, and tells what the process held before and after each part of it.</summary>
public static class Run
{
    const int SecondsToSettle = 60; // a thread pool on a busy machine makes many threads, and keeps an idle one for 20 s

    /// <returns>What did not work or did not stay flat.</returns>
    public static async Task<IReadOnlyList<string>> Async(Load load, Action<string> tell, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        await using var bench = await Bench.StartAsync().ConfigureAwait(false);
        // A tenth of each part first, so that what is made once is made before the first reading: the code, and what exceptions need.
        await bench.FailAsync(cancellationToken).ConfigureAwait(false);
        await bench.ChurnAsync(load.ChurnTime / 10, load.AtOnce, cancellationToken).ConfigureAwait(false);
        await bench.HoldAsync(load.Connections / 10, cancellationToken).ConfigureAwait(false);
        await bench.StartAndStopAsync(Math.Max(load.Starts / 10, 2), cancellationToken).ConfigureAwait(false);
        var before = await Reading.TakeAsync().ConfigureAwait(false);
        tell("Each line is compared with the first, which is read after a tenth of the load as warm-up.");
        tell(Line("before", "", before));

        await PartAsync($"{load.AtOnce} at once for {load.ChurnTime.TotalSeconds:0} s", async () =>
            $"{await bench.ChurnAsync(load.ChurnTime, load.AtOnce, cancellationToken).ConfigureAwait(false)} connections").ConfigureAwait(false);
        await PartAsync($"{load.Connections} open", async () =>
        {
            int answered = await bench.HoldAsync(load.Connections, cancellationToken).ConfigureAwait(false);
            if (answered < load.Connections)
                faults.Add($"{load.Connections - answered} of {load.Connections} connections did not answer while all were open");
            return $"{answered} answered";
        }).ConfigureAwait(false);
        await PartAsync($"{load.Starts} starts", async () =>
        {
            await bench.StartAndStopAsync(load.Starts, cancellationToken).ConfigureAwait(false);
            return "all ended";
        }).ConfigureAwait(false);
        if (bench.Waits > 0)
            tell($"{bench.Waits} times all dynamic ports were in use, and a connection waited a second.");
        foreach (var (kind, count) in bench.Failures)
            faults.Add($"{count} conversations failed: {kind}");
        return faults;

        async Task PartAsync(string name, Func<Task<string>> work)
        {
            long start = Stopwatch.GetTimestamp();
            string result = await work().ConfigureAwait(false);
            var time = Stopwatch.GetElapsedTime(start);
            var after = await Reading.TakeAsync().ConfigureAwait(false);
            for (int i = 0; i < SecondsToSettle && after.FindLeak(before) is not null; i++) // only what stays is a leak
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
                after = await Reading.TakeAsync().ConfigureAwait(false);
            }
            tell(Line(name, string.Create(CultureInfo.InvariantCulture, $"{result} in {time.TotalSeconds:F1} s"), after));
            if (after.FindNew(before) is { Length: > 0 } more)
                tell($"  new: {more}");
            if (after.FindLeak(before) is { } leak)
                faults.Add($"{name}: {leak}");
        }
    }

    static string Line(string name, string result, Reading reading) => $"{name,-24} {result,-32} {reading}";
}
