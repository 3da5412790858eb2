using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TeredoSdk.Windows.Native;

/// <summary>Makes sentences about calls of Windows that failed.</summary>
static class NativeCall
{
    public const int ERROR_ACCESS_DENIED = 5; // winerror.h

    /// <summary>Makes a call. When the system lacks the function or its library, the result holds that reason.</summary>
    /// <param name="call">The function's name.</param>
    /// <param name="meaning">What is not known when the call fails: the second half of a sentence.</param>
    /// <param name="ask">Makes the call.</param>
    public static Reading<T> Ask<T>(string call, string meaning, Func<Reading<T>> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return Reading.Unknown<T>(Absent(call, meaning));
        }
    }

    /// <summary>
    /// Whether a call failed because the system has no such function. On some systems (Wine) the function exists, but only raises a native exception.
    /// </summary>
    public static bool IsAbsence(Exception failure) => failure is EntryPointNotFoundException or DllNotFoundException or SEHException;

    public static string Absent(string call, string meaning) => $"This system has no {call}, so {meaning}.";

    /// <summary>A sentence about a call that failed.</summary>
    public static string Failed(string call, int error, string meaning) => $"{call} failed ({Describe(error)}), so {meaning}.";

    /// <summary>An error code of Windows in words, in the language of the system.</summary>
    public static string Describe(int error)
    {
        string code = error is < 0 or > ushort.MaxValue ? $"0x{error:X8}" : $"error {error}";
        return $"{new Win32Exception(error).Message.TrimEnd('.', ' ')}, {code}";
    }
}
