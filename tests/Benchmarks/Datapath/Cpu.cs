using System.Globalization;
using System.Runtime.InteropServices;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath;

/// <summary>The processor time of programs, and on which processors they run.</summary>
static partial class Cpu
{
    /// <summary>Of processes and their children, in seconds. proc(5): fields 4, 14 and 15 of stat, in ticks of 10 ms.</summary>
    public static double SecondsOf(IReadOnlyCollection<LabProcess> processes)
    {
        long ticks = 0;
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                string stat = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                int id = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), parent = int.Parse(fields[1], CultureInfo.InvariantCulture);
                if (processes.Any(process => process.Id == id || process.Id == parent))
                    ticks += long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }
        return ticks / 100.0;
    }

    /// <summary>Keeps all threads of a process on one processor.</summary>
    public static void Pin(LabProcess process, int processor)
    {
        foreach (string thread in Directory.EnumerateDirectories($"/proc/{process.Id}/task"))
            Pin(int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), processor);
    }

    /// <summary>Keeps a thread on one processor.</summary>
    /// <param name="thread">Its id; 0 for the calling one.</param>
    /// <param name="processor">The processor, from 0.</param>
    public static unsafe void Pin(int thread, int processor)
    {
        ulong mask = 1UL << processor;
        if (SetAffinity(thread, sizeof(ulong), &mask) != 0)
            throw new InvalidOperationException($"Thread {thread} can't be kept on processor {processor}: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static unsafe partial int SetAffinity(int thread, nuint size, ulong* mask);
}
