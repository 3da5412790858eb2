using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Cli;

/// <summary>stdout as a stream of octets. After it is disposed, its reader sees the end, although the command goes on.</summary>
sealed partial class StandardOutput : Stream
{
    const string Descriptors = "/proc/self/fd";
    const int Descriptor = 1, ErrorDescriptor = 2;
    const short PollNoReader = 8 | 16; // POLLERR of a pipe, POLLHUP of a socket or a terminal

    readonly Stream _inner = Console.OpenStandardOutput();

    StandardOutput()
    {
        // Only Open makes instances.
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Opens the stream. On systems with file descriptors, disposing the stream also closes the descriptor.</summary>
    public static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardOutput();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <exception cref="IOException">The reader has closed stdout, or stdout does not take the octets.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _inner.Write(buffer); // writing to a closed pipe does not fail here
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The peer's data can't be written to stdout ({e.Message}). Free space there, or redirect stdout to another place.", e);
        }
        var output = new PollRequest { Descriptor = Descriptor };
        if (Poll(ref output, 1, 0) > 0 && (output.Returned & PollNoReader) != 0)
            throw new IOException("stdout was closed by its reader, so the peer's data can't be written.");
    }

    public override void Flush() => _inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose(); // closes only a duplicate of the descriptor
            using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
            foreach (int descriptor in Duplicates())
                _ = Duplicate(nowhere, descriptor); // /dev/null takes its place, so that no file opened later gets this descriptor
        }
        base.Dispose(disposing);
    }

    // The runtime keeps duplicates of a pipe's descriptor, and the reader sees the end only when the last one is closed. When stderr is the same
    // pipe, the reader can't see an end.
    static IEnumerable<int> Duplicates()
    {
        string? output = Target(Descriptor);
        bool isPipe = output is not null
            && (output.StartsWith("pipe:", StringComparison.Ordinal) || output.StartsWith("socket:", StringComparison.Ordinal));
        return isPipe && Target(ErrorDescriptor) != output
            ? [.. Directory.GetFiles(Descriptors).Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
                .Where(open => Target(open) == output)]
            : [Descriptor];
    }

    static string? Target(int descriptor)
    {
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"{Descriptors}/{descriptor}")).LinkTarget;
        }
        catch (IOException)
        {
            return null; // the descriptor was closed meanwhile, or this is not Linux
        }
    }

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(SafeFileHandle from, int to);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollRequest request, nuint count, int milliseconds);

    struct PollRequest
    {
        public int Descriptor;
        public short Wanted, Returned;
    }
}
