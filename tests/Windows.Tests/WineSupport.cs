using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TeredoSdk.Windows.Tests;

/// <summary>What a program of .NET needs to survive under Wine 8; part of the tests' programs only.</summary>
static class WineSupport
{
    // An exception may hang the process there without it. Real Windows has no such library, and needs none.
    [ModuleInitializer]
    public static void Load() => NativeLibrary.TryLoad("wineseh.dll", out _);
}
