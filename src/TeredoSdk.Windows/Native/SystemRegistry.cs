using System.Runtime.Versioning;
using System.Security;
using Microsoft.Win32;

namespace TeredoSdk.Windows.Native;

/// <summary>Reads the machine's registry in the 64-bit view, which the system itself uses.</summary>
[SupportedOSPlatform("windows")]
static class SystemRegistry
{
    public static Reading<object?> Read(string key, string name)
    {
        try
        {
            using var machine = RegistryKey.OpenBaseKey(RegistryHive.LocalMachine, RegistryView.Registry64);
            using var opened = machine.OpenSubKey(key);
            object? value = opened?.GetValue(name);
            return value switch
            {
                null or int or string => Reading.Of<object?>(value),
                _ => Reading.Unknown<object?>($@"The registry value HKLM\{key}\{name} is neither a number nor a text, so it is ignored."),
            };
        }
        catch (Exception e) when (e is SecurityException or UnauthorizedAccessException or IOException)
        {
            return Reading.Unknown<object?>($@"The registry value HKLM\{key}\{name} can't be read ({e.Message}).");
        }
    }
}
