using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Wine;

/// <summary>Wine as this machine has it, and the new Windows that every prefix begins as: made once in a run.</summary>
static class WineInstallation
{
    /// <summary>What the tests that need Wine call for.</summary>
    static readonly (string File, string Package)[] Needed =
    [
        ("/usr/bin/wine", "wine"), ("/usr/lib/wine/wine64", "wine64"), ("/usr/bin/wineserver", "wine"),
        ("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"), ("/usr/bin/x86_64-w64-mingw32-g++", "g++-mingw-w64-x86-64"),
        ("/usr/share/mingw-w64/include/netfw.h", "mingw-w64-common and mingw-w64-x86-64-dev"),
    ];

    static readonly Lazy<Task<string>> NewWindows = new(MakeAsync);

    /// <summary>Skips the test that runs, with what is missing.</summary>
    public static void Require()
    {
        string[] missing = [.. Needed.Where(needed => !File.Exists(needed.File)).Select(needed => needed.Package).Distinct()];
        if (missing.Length > 0)
            Assert.Ignore($"Running programs for Windows needs the packages {string.Join(", ", missing)}.");
    }

    /// <summary>The folder of a prefix in which nothing was changed.</summary>
    public static Task<string> NewWindowsAsync() => NewWindows.Value;

    // mscoree and mshtml are left out here only: .NET's own assemblies could not be loaded later with such an override.
    static async Task<string> MakeAsync()
    {
        string folder = Path.Combine(BuildOutput.Programs, "windows");
        Directory.CreateDirectory(BuildOutput.Programs);
        await Shell.RunAsync($"""
            export WINEPREFIX='{folder}' WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
            timeout -k 3 110 wineboot -i >/dev/null 2>&1 </dev/null || made=no
            wineserver -k || true
            wineserver -w
            test -z "$made" && test -f '{folder}/system.reg'
            """, limit: Patience.LongLimit);
        return folder;
    }
}
