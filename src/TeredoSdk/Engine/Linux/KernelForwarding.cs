using System.Runtime.Versioning;

namespace TeredoSdk.Engine.Linux;

/// <summary>Checks whether the kernel forwards IPv6 packets of other machines. A relay for other machines needs that.</summary>
[SupportedOSPlatform("linux")]
static class KernelForwarding
{
    const string Setting = "/proc/sys/net/ipv6/conf/all/forwarding";

    /// <summary>Why the kernel does not forward, and what to do; null when it does, or when the setting can't be read.</summary>
    public static string? Problem => IsOn() ? null : "The kernel of this machine does not forward IPv6, so only the machine itself can use the relay. "
        + "Switch it on: sysctl -w net.ipv6.conf.all.forwarding=1.";

    static bool IsOn()
    {
        try
        {
            return File.ReadAllText(Setting).Trim() != "0";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true; // not known
        }
    }
}
