using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Filtering;

/// <summary>Asks Windows Security about the firewall (Windows Vista and later; server editions lack it).</summary>
static partial class SecurityCenter
{
    const uint WSC_SECURITY_PROVIDER_FIREWALL = 1; // wscapi.h
    const int S_OK = 0, S_FALSE = 1;
    const string Call = "WscGetSecurityProviderHealth";
    const string Meaning = "it is not known whether a firewall is registered with Windows Security";

    [SupportedOSPlatform("windows")]
    public static Reading<FirewallHealth> ReadFirewall() => NativeCall.Ask(Call + " (server editions lack it)", Meaning, () =>
    {
        int result = WscGetSecurityProviderHealth(WSC_SECURITY_PROVIDER_FIREWALL, out int health);
        return Explain(result, health);
    });

    public static Reading<FirewallHealth> Explain(int result, int health) => result switch
    {
        // The output is "poor" then, although nothing was checked.
        S_FALSE => Reading.Unknown<FirewallHealth>($"{Call} says that the service wscsvc (Security Center) does not run, so {Meaning}."),
        S_OK when Enum.IsDefined((FirewallHealth)health) => Reading.Of((FirewallHealth)health),
        S_OK => Reading.Unknown<FirewallHealth>($"{Call} returns {health}, which is not a documented answer, so {Meaning}."),
        _ => Reading.Unknown<FirewallHealth>(NativeCall.Failed(Call, result, Meaning)),
    };

    [SupportedOSPlatform("windows")]
    [LibraryImport("wscapi")]
    private static partial int WscGetSecurityProviderHealth(uint providers, out int health);
}
