using System.Globalization;

namespace TeredoSdk.Repetition;

/// <summary>What commands that measure have in common: help, the end by Ctrl-C, and the file that keeps what they found.</summary>
static class MeasuringCommand
{
    /// <summary>Runs a command, and returns its exit code.</summary>
    /// <param name="args">Its arguments.</param>
    /// <param name="areKnown">Whether it takes them.</param>
    /// <param name="usage">What --help prints.</param>
    /// <param name="options">Its options, as a part of a sentence.</param>
    /// <param name="run">Measures.</param>
    public static async Task<int> RunAsync(string[] args, bool areKnown, string usage, string options, Func<CancellationToken, Task<int>> run)
    {
        if (!areKnown)
        {
            bool help = args is ["--help" or "-h"];
            (help ? Console.Out : Console.Error).WriteLine(help ? usage : $"'{args[0]}' is not an option; expected {options}.");
            return help ? 0 : 2;
        }
        using var cancellation = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            cancellation.Cancel();
        };
        try
        {
            return await run(cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }

    /// <summary>Shows each line that the measurement tells, and writes all of them to a file, below the date and the commit.</summary>
    /// <param name="file">The file in the checkout; null to write none.</param>
    /// <param name="measure">Measures, tells lines, and returns the number of faults.</param>
    /// <returns>The exit code: 1 when there is a fault.</returns>
    public static async Task<int> TellAsync(string? file, Func<Action<string>, Task<int>> measure)
    {
        List<string> lines = [];
        if (file is not null)
        {
            string commit = await Repository.CommitAsync();
            Tell(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, commit {commit}, {Environment.ProcessorCount} processors"));
        }
        int faults = await measure(Tell);
        if (file is not null)
            await File.WriteAllLinesAsync(Path.Combine(Repository.Root, file), lines);
        return faults == 0 ? 0 : 1;

        void Tell(string line)
        {
            lines.Add(line);
            Console.WriteLine(line);
        }
    }
}
