using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Platform.Probe;

/// <summary>How long a process waits for its first listener and for one of a second node.</summary>
static class StartTime
{
    public static async Task<int> RunAsync()
    {
        long start = Stopwatch.GetTimestamp();
        await using var first = await TeredoSocket.ListenAsync(0, Options.Create());
        var cold = Stopwatch.GetElapsedTime(start);
        var second = Options.Create();
        second.QualificationTimeout += TimeSpan.FromSeconds(1); // other options: a node of its own
        start = Stopwatch.GetTimestamp();
        await using var listener = await TeredoSocket.ListenAsync(0, second);
        var warm = Stopwatch.GetElapsedTime(start);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"first {cold.TotalMilliseconds:F1} warm {warm.TotalMilliseconds:F1}"));
        return 0;
    }
}
