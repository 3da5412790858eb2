using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace TeredoSdk.Windows.Native.Netsh;

/// <summary>Decodes the output of a console program. Its code page is one that .NET knows only through an extra package.</summary>
static partial class OemText
{
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Decodes by the byte order mark, if there is one. Otherwise decodes as UTF-8 when the bytes are valid UTF-8 (a console may be set to it), else
    /// by the code page.
    /// </summary>
    /// <param name="bytes">The output of the program.</param>
    /// <param name="decodeByCodePage">Decodes by the console's code page.</param>
    public static string Decode(byte[] bytes, Func<byte[], string> decodeByCodePage)
    {
        if (bytes is [0xFF, 0xFE, ..])
            return Encoding.Unicode.GetString(bytes, 2, bytes.Length - 2);
        if (bytes is [0xEF, 0xBB, 0xBF, ..])
            return Encoding.UTF8.GetString(bytes, 3, bytes.Length - 3);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return decodeByCodePage(bytes);
        }
    }

    /// <summary>Decodes by the system's OEM code page, which a console without a window uses.</summary>
    [SupportedOSPlatform("windows")]
    public static unsafe string DecodeByOemPage(byte[] bytes)
    {
        uint page = GetOEMCP();
        fixed (byte* source = bytes)
        {
            int length = MultiByteToWideChar(page, 0, source, bytes.Length, null, 0);
            char[] text = new char[length];
            fixed (char* target = text)
                length = MultiByteToWideChar(page, 0, source, bytes.Length, target, length);
            return length > 0 ? new(text, 0, length) : Encoding.Latin1.GetString(bytes);
        }
    }

    [LibraryImport("kernel32")]
    private static partial uint GetOEMCP();

    [LibraryImport("kernel32")]
    private static unsafe partial int MultiByteToWideChar(uint page, uint flags, byte* source, int sourceLength, char* target, int targetLength);
}
