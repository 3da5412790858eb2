namespace TeredoSdk.Windows.Firewall;

/// <summary>What one operation sees of the firewall: all rules are read once, because that takes seconds where there are tens of thousands.</summary>
/// <param name="Status">The active profiles, or why they are not known.</param>
/// <param name="Rules">All rules, or why they are not known.</param>
sealed record FirewallView(Reading<FirewallStatus> Status, Reading<IReadOnlyList<FirewallRule>> Rules)
{
    /// <summary>Reads the firewall.</summary>
    /// <param name="firewall">The firewall.</param>
    /// <param name="earlier">What was read before, when its rules are new enough; null to read the rules.</param>
    public static FirewallView Read(IWindowsFirewall firewall, FirewallView? earlier = null) =>
        new(firewall.ReadStatus(), earlier?.Rules ?? firewall.ReadRules());

    /// <summary>Reads the firewall on another thread. Of a firewall that does not answer, nothing is known.</summary>
    public static async Task<FirewallView> ReadAsync(IWindowsFirewall firewall, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await PatientCall.ReadAsync(() => Read(firewall), time, cancellationToken).ConfigureAwait(false);
        }
        catch (TeredoException e) when (e.Error == TeredoError.FirewallUnavailable)
        {
            return NotRead(e.Finding);
        }
    }

    static FirewallView NotRead(Finding finding) => new(Reading.Unknown<FirewallStatus>(finding), Reading.Unknown<IReadOnlyList<FirewallRule>>(finding));

    /// <summary>The view after some rules were removed, and others added.</summary>
    public FirewallView With(IReadOnlyCollection<FirewallRule> removed, IReadOnlyCollection<FirewallRule> added) => !Rules.TryGet(out var rules) ? this
        : this with { Rules = Reading.Of<IReadOnlyList<FirewallRule>>([.. rules.Where(rule => !removed.Contains(rule)), .. added]) };
}
