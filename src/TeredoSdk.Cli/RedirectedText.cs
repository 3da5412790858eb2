using System.Text;

namespace TeredoSdk.Cli;

/// <summary>Makes redirected text UTF-8 on every system, as JSON must be. A Windows console keeps its own code page.</summary>
static class RedirectedText
{
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Sets redirected stdout and stderr to UTF-8. On systems other than Windows they are UTF-8 already.</summary>
    public static void UseUtf8()
    {
        if (!OperatingSystem.IsWindows())
            return;
        if (Console.IsOutputRedirected)
            Console.SetOut(Writer(Console.OpenStandardOutput()));
        if (Console.IsErrorRedirected)
            Console.SetError(Writer(Console.OpenStandardError()));
    }

    static TextWriter Writer(Stream stream) => TextWriter.Synchronized(new StreamWriter(stream, Utf8) { AutoFlush = true });
}
