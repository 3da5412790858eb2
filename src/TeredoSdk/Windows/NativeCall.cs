using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TeredoSdk.Windows;

/// <summary>Makes sentences of what a call of Windows did not do.</summary>
static class NativeCall
{
    public const int ERROR_ACCESS_DENIED = 5; // winerror.h

    /// <summary>Asks, and takes a function or library that this system lacks for a reason.</summary>
    /// <param name="call">The function's name.</param>
    /// <param name="meaning">What is not known without it: the second half of a sentence.</param>
    /// <param name="ask">The question.</param>
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
    /// Whether a call failed since the system has no such function. Some systems (Wine) have one that only raises a native exception.
    /// </summary>
    public static bool IsAbsence(Exception failure) => failure is EntryPointNotFoundException or DllNotFoundException or SEHException;

    public static string Absent(string call, string meaning) => $"This system has no {call}, so {meaning}.";

    /// <summary>A sentence about a call that failed.</summary>
    public static string Failed(string call, int error, string meaning) => $"{call} failed ({Describe(error)}), so {meaning}.";

    /// <summary>An error code of Windows in words: the system's, in its language.</summary>
    public static string Describe(int error)
    {
        string code = error is < 0 or > ushort.MaxValue ? $"0x{error:X8}" : $"error {error}";
        return $"{new Win32Exception(error).Message.TrimEnd('.', ' ')}, {code}";
    }
}
