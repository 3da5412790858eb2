using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Windows.Native.Files;

/// <summary>Follows junctions, links and short names (8.3) to the path by which the system itself names a file.</summary>
[SupportedOSPlatform("windows")]
static unsafe partial class FinalPaths
{
    const uint FILE_SHARE_ALL = 7, OPEN_EXISTING = 3, FILE_FLAG_BACKUP_SEMANTICS = 0x02000000; // winnt.h, fileapi.h, winbase.h
    const int ERROR_FILE_NOT_FOUND = 2, ERROR_PATH_NOT_FOUND = 3; // winerror.h
    const int MaxLength = 32767;
    const string Prefix = @"\\?\", SharePrefix = @"\\?\UNC\";

    /// <summary>The final path of a file. A part that does not exist stays as it is; a path that can't be asked for is returned.</summary>
    public static string Of(string path)
    {
        if (path is not ([_, ':', '\\', ..] or ['\\', '\\', not ('?' or '.'), ..]) || path.Contains('\0'))
            return path;
        for (int end = path.Length; end > 2; end = path.LastIndexOf('\\', end - 1))
        {
            if (Find(path[..end], out int error) is { } found)
                return found.TrimEnd('\\') + path[end..];
            if (error is not (ERROR_FILE_NOT_FOUND or ERROR_PATH_NOT_FOUND))
                break;
        }
        return path;
    }

    static string? Find(string path, out int error)
    {
        // No access is asked for, so a running program does not stand in the way. Folders open with the flag alone.
        using var file = CreateFileW(path, 0, FILE_SHARE_ALL, 0, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, 0);
        error = Marshal.GetLastPInvokeError();
        if (file.IsInvalid)
            return null;
        error = 0;
        char[] text = new char[MaxLength];
        fixed (char* start = text)
        {
            uint length = GetFinalPathNameByHandleW(file, start, MaxLength, 0);
            string final = length is 0 or >= MaxLength ? path : Plain(new(start, 0, (int)length));
            length = GetLongPathNameW(final, start, MaxLength); // where the system leaves short names in the former
            return length is 0 or >= MaxLength ? final : new(start, 0, (int)length);
        }
    }

    // A volume without a letter has no other form.
    static string Plain(string path) => path.StartsWith(SharePrefix, StringComparison.Ordinal) ? @"\\" + path[SharePrefix.Length..]
        : path.StartsWith(Prefix, StringComparison.Ordinal) && path is [_, _, _, _, _, ':', ..] ? path[Prefix.Length..] : path;

    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFileW(string path, uint access, uint share, nint security, uint creation, uint flags, nint template);

    [LibraryImport("kernel32")]
    private static partial uint GetFinalPathNameByHandleW(SafeFileHandle file, char* path, uint length, uint flags);

    [LibraryImport("kernel32", StringMarshalling = StringMarshalling.Utf16)]
    private static partial uint GetLongPathNameW(string path, char* longPath, uint length);
}
