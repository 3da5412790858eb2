using System.Runtime.InteropServices;
using System.Text;

namespace TeredoSdk.Cli;

/// <summary>The standard streams, any of which may have been closed when the command started.</summary>
/// <remarks>
/// The runtime opens files before Main. The first of them get the descriptors of closed standard streams, and what the command wrote there would
/// go into the runtime's own pipes. The runtime marks each of its descriptors as closed on exec. An inherited descriptor can't have that mark.
/// </remarks>
static partial class StandardStreams
{
    const int InputDescriptor = 0, OutputDescriptor = 1, ErrorDescriptor = 2;
    const int GetFlags = 1, ClosedOnExec = 1; // F_GETFD, FD_CLOEXEC

    /// <summary>What is said when the result has nowhere to go.</summary>
    const string Closed = "stdout was closed when this command started, so its result can't be written. Redirect stdout to a file or to /dev/null.";

    static bool _isInputClosed, _isOutputClosed;

    /// <summary>Finds out which streams are closed. Must be called before anything else is done with them.</summary>
    public static void Take()
    {
        if (OperatingSystem.IsWindows())
            return;
        _isInputClosed = IsClosed(InputDescriptor);
        _isOutputClosed = IsClosed(OutputDescriptor);
        if (IsClosed(ErrorDescriptor))
            Console.SetError(TextWriter.Null);
    }

    /// <summary>Opens stdin. A stdin that was closed has nothing but its end.</summary>
    public static Stream OpenInput() => _isInputClosed ? Stream.Null : Console.OpenStandardInput();

    /// <summary>Opens stdout for payload.</summary>
    /// <exception cref="IOException">stdout was closed.</exception>
    public static Stream OpenOutput() => _isOutputClosed ? throw new IOException(Closed) : StandardOutput.Open();

    /// <summary>Writes a line to stdout.</summary>
    /// <exception cref="IOException">stdout was closed, or does not take the line.</exception>
    public static void WriteLine(string line)
    {
        if (_isOutputClosed)
            throw new IOException(Closed);
        try
        {
            Console.Out.WriteLine(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) // the latter when stdout is open for reading only
        {
            throw new IOException($"The result can't be written to stdout ({e.Message}). Free space there, or redirect stdout to another place.", e);
        }
    }

    /// <summary>Writes a line to stderr without the console's types, which need descriptors of their own.</summary>
    public static unsafe void WriteErrorPlainly(string line)
    {
        byte[] octets = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* start = octets)
            _ = Write(ErrorDescriptor, start, octets.Length);
    }

    static bool IsClosed(int descriptor) => GetDescriptorFlags(descriptor, GetFlags) is var flags && (flags < 0 || (flags & ClosedOnExec) != 0);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int GetDescriptorFlags(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "write")]
    private static unsafe partial nint Write(int descriptor, byte* octets, nint count); // no array: what marshals one is in an assembly that may not be loadable
}
