using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Cli;

/// <summary>Memory that only the start of the natively compiled command needed on Linux: most of its code.</summary>
static partial class StartMemory
{
    const int DontNeed = 4; // MADV_DONTNEED, asm-generic/mman-common.h

    static readonly TimeSpan StartTime = TimeSpan.FromSeconds(5); // the gateway is asked for a port mapping when there is an address already

    /// <summary>Gives it back in some seconds, when all of a command has started that then waits for a long time.</summary>
    /// <param name="ended">Ends the waiting.</param>
    /// <param name="rehearse">Runs what the command does first when something comes, so that this code is in memory again; null where nobody waits for it.</param>
    public static async Task GiveBackAsync(CancellationToken ended, Action? rehearse = null)
    {
        if (!OperatingSystem.IsLinux() || RuntimeFeature.IsDynamicCodeSupported)
            return;
        try
        {
            await Task.Delay(StartTime, ended);
            DropUnchangedPages("/proc/self/smaps");
            rehearse?.Invoke();
        }
        catch (OperationCanceledException)
        {
            // The command ends.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc the pages stay.
        }
    }

    // Such a page holds what its file holds. The kernel takes it from there again, at most 16 pages at a time, when it is used.
    [SupportedOSPlatform("linux")]
    static void DropUnchangedPages(string path)
    {
        foreach (var (start, end) in UnchangedRanges(File.ReadLines(path)).ToList())
            _ = Advise((nint)start, (nuint)(end - start), DontNeed);
    }

    /// <summary>The parts of files that are mapped to be read only, and of which nothing differs from the file: relocated data does.</summary>
    /// <param name="lines">The lines of <c>/proc/PID/smaps</c>, proc_pid_smaps(5).</param>
    internal static IEnumerable<(ulong Start, ulong End)> UnchangedRanges(IEnumerable<string> lines)
    {
        (ulong Start, ulong End)? range = null;
        foreach (string line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is [[.., ':'], ..])
            {
                if (fields is ["Anonymous:", "0", "kB"] && range is { } unchanged)
                    yield return unchanged;
            }
            else
            {
                bool isReadOnly = fields is [_, ['r', '-', _, 'p'], _, _, _, ['/', ..], ..];
                range = isReadOnly && fields[0].Split('-') is [var from, var to] ? (Address(from), Address(to)) : null;
            }
        }
    }

    static ulong Address(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
