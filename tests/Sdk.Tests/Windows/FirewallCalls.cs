using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows;

/// <summary>Calls <see cref="TeredoFirewall"/> and waits, for tests of what it decides and not of how long it takes.</summary>
static class FirewallCalls
{
    public static IReadOnlyList<FirewallChange> Plan(this TeredoFirewall firewall, FirewallExceptionRequest request) => Result(firewall.PlanAsync(request));

    public static FirewallExceptionCheck Ensure(this TeredoFirewall firewall, FirewallExceptionRequest request) => Result(firewall.EnsureAsync(request));

    public static FirewallExceptionCheck Check(this TeredoFirewall firewall, FirewallExceptionRequest request) => Result(firewall.CheckAsync(request));

    public static FirewallExceptionCheck Check(this TeredoFirewall firewall, string programPath) => Result(firewall.CheckAsync(programPath));

    public static IReadOnlyList<FirewallRule> RemoveOwned(this TeredoFirewall firewall, string name, string programPath) =>
        Result(firewall.RemoveOwnedAsync(name, programPath));

    static T Result<T>(Task<T> call) => call.InTime().GetAwaiter().GetResult();
}
