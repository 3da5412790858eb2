namespace TeredoSdk.Xp.Tests;

/// <summary>What tests need of the machine: each skips, with the list of what is missing, where it can't run.</summary>
static class Requirements
{
    /// <summary>Microsoft's declarations of the firewall's interfaces, as mingw-w64 has them.</summary>
    public const string Header = "/usr/share/mingw-w64/include/netfw.h";

    // What mono-runtime needs for this comes with the two libraries.
    static readonly (string File, string Package)[] Mono =
    [
        ("/usr/bin/mono", "mono-runtime"), ("/usr/lib/mono/4.5/mscorlib.dll", "libmono-corlib4.5-cil"),
        ("/usr/lib/mono/4.5/System.dll", "libmono-system4.0-cil"), ("/usr/lib/mono/4.5/System.Core.dll", "libmono-system-core4.0-cil"),
    ];

    public static void CheckMono() => Check("A program for the .NET Framework 4.0", Mono);

    public static void CheckHeader() => Check("The comparison with the header", [(Header, "mingw-w64-common")]);

    static void Check(string what, (string File, string Package)[] needed)
    {
        string[] missing = [.. needed.Where(part => !File.Exists(part.File)).Select(part => $"{part.File} (package {part.Package})")];
        if (missing.Length > 0)
            Assert.Ignore($"{what} needs: {string.Join("; ", missing)}.");
    }
}
