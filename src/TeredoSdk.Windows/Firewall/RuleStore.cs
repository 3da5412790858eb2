using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>The firewall's rules, with the patience and the errors of the SDK.</summary>
/// <param name="firewall">The firewall.</param>
sealed class RuleStore(IWindowsFirewall firewall)
{
    // How long a change may take to be seen. The page of INetFwRule speaks of "a small time lag" and gives no number.
    static readonly TimeSpan Lag = TimeSpan.FromSeconds(5), LookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads all rules, which takes seconds where there are tens of thousands: once for each operation.</summary>
    public Reading<IReadOnlyList<FirewallRule>> Read() => firewall.ReadRules();

    public void Add(FirewallRule rule) => firewall.Add(rule);

    public void Update(FirewallRule rule) => firewall.Update(rule);

    public void Remove(string name) => firewall.Remove(name);

    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public static T Require<T>(Reading<T> reading) => reading.IsKnown ? reading.Value : throw FirewallFindings.NotRead(reading.Finding!).ToException();

    /// <inheritdoc cref="Read"/>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public IReadOnlyList<FirewallRule> Require() => Require(Read());

    /// <summary>Reads one of the rules of a name; null when none is seen.</summary>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public FirewallRule? RequireOne(string name) => Require(firewall.ReadRule(name));

    /// <summary>Reads one of the rules of a name, again for some seconds until it is as expected, because a change is seen after a lag.</summary>
    /// <returns>What was seen last.</returns>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public async Task<FirewallRule?> AwaitAsync(string name, Func<FirewallRule?, bool> isExpected, TimeProvider time, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            var rule = RequireOne(name);
            if (isExpected(rule) || time.GetElapsedTime(start) >= Lag)
                return rule;
            await Task.Delay(LookInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
