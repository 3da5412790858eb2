namespace TeredoSdk.Doctor;

/// <summary>The order of findings.</summary>
static class CauseFirst
{
    // From the bottom up: what stands earlier explains what stands later. A name that ends in a dot or hyphen stands for all that begin with it.
    static readonly string[] FromTheBottom =
    [
        "ipv6.", "service.", FindingIds.TeredoOffByPolicy, FindingIds.TeredoOffByRegistry, FindingIds.TeredoOff, FindingIds.TeredoOffByDefault,
        FindingIds.LinuxKernelWithoutIPv6, FindingIds.LinuxIPv6SwitchedOff, "error.network-", FindingIds.LinuxUdpBlockedOut, FindingIds.LinuxUdpBlockedIn,
        "linux.", FindingIds.FirewallTeredoPort, FindingIds.FirewallOff, FindingIds.FirewallNotHealthy, "network.", "error.no-server",
        FindingIds.ServerNotResolved, FindingIds.ServerSilent, "server.", "nat.", "teredo.", "error.", "firewall.", "reachability.", "peer.", "windows.", "doctor.",
    ];

    /// <summary>Errors before warnings before notes; among these, the cause before the symptom. The same thing comes once.</summary>
    public static IReadOnlyList<Finding> Of(IEnumerable<Finding> findings) =>
    [
        .. findings.OrderByDescending(finding => finding.Severity).DistinctBy(finding => (finding.Id, finding.Subject))
            .OrderByDescending(finding => finding.Severity).ThenBy(Floor),
    ];

    static int Floor(Finding finding)
    {
        int floor = Array.FindIndex(FromTheBottom, name =>
            name[^1] is '.' or '-' ? finding.Id.StartsWith(name, StringComparison.Ordinal) : finding.Id == name);
        return floor < 0 ? FromTheBottom.Length : floor;
    }
}
