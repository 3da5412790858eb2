using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TeredoSdk.Cli;

/// <summary>Failures that mean that this process may not use more of the system.</summary>
static partial class ProcessLimits
{
    /// <summary>With fewer files the runtime can't load all parts of the command.</summary>
    const ulong EnoughFiles = 100;

    static readonly int FilesResource = OperatingSystem.IsMacOS() ? 8 : 7; // RLIMIT_NOFILE

    /// <summary>Whether the limit on files is so low that any failure may come from it, for example an assembly that is "not found".</summary>
    public static bool AllowTooFewFiles => MaxFiles < EnoughFiles;

    public static string TooFewFiles => string.Create(CultureInfo.InvariantCulture,
        $"This process may open only {MaxFiles} files, which is too few for this command: raise the limit (ulimit -n 1024).");

    /// <returns>What limit was reached and what to do; null when the failure has another reason.</returns>
    public static string? Explain(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is OutOfMemoryException)
            {
                return "This process may not start more threads or use more memory: raise the limit on processes (ulimit -u, or the pids limit of the "
                    + "container) or the limit on memory.";
            }
            if (e is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets })
                return TooFewFiles;
        }
        return null;
    }

    static ulong MaxFiles => !OperatingSystem.IsWindows() && GetLimit(FilesResource, out var limit) == 0 ? limit.Soft : ulong.MaxValue;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    struct ResourceLimit
    {
        public ulong Soft, Hard;
    }
}
