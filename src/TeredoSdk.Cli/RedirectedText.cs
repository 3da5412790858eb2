using System.Text;

namespace TeredoSdk.Cli;

/// <summary>Text to files and pipes is UTF-8 on every system, as JSON has to be; a console of Windows keeps its own code page.</summary>
static class RedirectedText
{
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Makes it so. Elsewhere than on Windows it is so already.</summary>
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
