using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Cli;

/// <summary>stdout as octets. Disposing it ends it for who reads it, while the command goes on.</summary>
sealed partial class StandardOutput : Stream
{
    const string Descriptors = "/proc/self/fd";
    const int Descriptor = 1, ErrorDescriptor = 2;
    const short PollNoReader = 8 | 16; // POLLERR of a pipe, POLLHUP of a socket or a terminal

    readonly Stream _inner = Console.OpenStandardOutput();

    StandardOutput()
    {
        // Made by Open alone.
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

    /// <summary>The stream; the descriptor itself ends with it, where there are descriptors.</summary>
    public static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardOutput();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <exception cref="IOException">Nobody reads it any more.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _inner.Write(buffer); // in silence also to a pipe that is closed
        var output = new PollRequest { Descriptor = Descriptor };
        if (Poll(ref output, 1, 0) > 0 && (output.Returned & PollNoReader) != 0)
            throw new IOException("stdout is closed: nobody reads any more what the peer sends.");
    }

    public override void Flush() => _inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose(); // a duplicate
            using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
            foreach (int descriptor in Duplicates())
                _ = Duplicate(nowhere, descriptor); // closed, and nothing that is opened later takes its place
        }
        base.Dispose(disposing);
    }

    // Of a pipe the runtime keeps duplicates of its own, and its reader sees the end when the last one is closed. Where stderr is the
    // same pipe, there is no end.
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
            return null; // closed meanwhile, or no Linux
        }
    }

    [LibraryImport("libc", EntryPoint = "dup2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Duplicate(SafeFileHandle from, int to);

    [LibraryImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref PollRequest request, nuint count, int milliseconds);

    struct PollRequest
    {
        public int Descriptor;
        public short Wanted, Returned;
    }
}
