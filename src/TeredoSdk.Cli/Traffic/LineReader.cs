namespace TeredoSdk.Cli.Traffic;

/// <summary>Reads the lines of a stream as octets, without their terminators.</summary>
static class LineReader
{
    const int MaxLineOctets = 64 * 1024;

    /// <summary>Returns lines as they come. A line is valid until the next one is read. A line that is too long comes in parts.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(Stream input)
    {
        byte[] buffer = new byte[MaxLineOctets];
        int start = 0, end = 0;
        while (true)
        {
            int line = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (line >= 0)
            {
                yield return Trim(buffer.AsMemory(start, line));
                start += line + 1;
                continue;
            }
            if (start == 0 && end == buffer.Length)
            {
                yield return buffer;
                end = 0;
            }
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            int read = input.Read(buffer, end, buffer.Length - end);
            if (read == 0)
                break;
            end += read;
        }
        if (end > 0)
            yield return buffer.AsMemory(0, end);
    }

    // On Windows, a line ends with two characters; both are removed.
    static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line) =>
        OperatingSystem.IsWindows() && line.Span is [.., (byte)'\r'] ? line[..^1] : line;
}
