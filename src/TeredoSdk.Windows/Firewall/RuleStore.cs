using System.Globalization;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>The firewall's rules, for any generation of the firewall.</summary>
abstract class RuleStore
{
    /// <summary>Chooses the store for a firewall.</summary>
    public static RuleStore Of(IWindowsFirewall firewall) =>
        firewall.Generation.ValueOrDefault == FirewallGeneration.Xp ? new OpenPortStore(firewall) : new RealRuleStore(firewall);

    // How long a change may take to be seen. The page of INetFwRule speaks of "a small time lag" and gives no number.
    static readonly TimeSpan Lag = TimeSpan.FromSeconds(5), LookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads all rules, which takes seconds where there are tens of thousands: once for each operation.</summary>
    public abstract Reading<IReadOnlyList<FirewallRule>> Read();

    /// <summary>Reads one of the rules of a name; null when none is seen.</summary>
    public abstract Reading<FirewallRule?> Find(string name);

    public abstract void Add(FirewallRule rule);

    public abstract void Update(FirewallRule rule, FirewallRule previous);

    public abstract void Remove(FirewallRule rule);

    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public static T Require<T>(Reading<T> reading) => reading.IsKnown ? reading.Value : throw FirewallFindings.NotRead(reading.Finding!).ToException();

    /// <inheritdoc cref="Read"/>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public IReadOnlyList<FirewallRule> Require() => Require(Read());

    /// <inheritdoc cref="Find"/>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public FirewallRule? RequireOne(string name) => Require(Find(name));

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

sealed class RealRuleStore(IWindowsFirewall firewall) : RuleStore
{
    public override Reading<IReadOnlyList<FirewallRule>> Read() => firewall.ReadRules();

    public override Reading<FirewallRule?> Find(string name) => firewall.ReadRule(name);

    public override void Add(FirewallRule rule) => firewall.Add(rule);

    public override void Update(FirewallRule rule, FirewallRule previous) => firewall.Update(rule);

    public override void Remove(FirewallRule rule) => firewall.Remove(rule.Name);
}

/// <summary>The XP-era firewall. Its open ports act as rules for all programs. A port has no group, so its name tells the owner.</summary>
sealed class OpenPortStore(IWindowsFirewall firewall) : RuleStore
{
    public override Reading<IReadOnlyList<FirewallRule>> Read()
    {
        var ports = firewall.ReadOpenPorts();
        return ports.IsKnown ? Reading.Of<IReadOnlyList<FirewallRule>>([.. ports.Value.Select(ToRule)])
            : Reading.Unknown<IReadOnlyList<FirewallRule>>(ports.Finding!);
    }

    public override Reading<FirewallRule?> Find(string name)
    {
        var rules = Read();
        return rules.IsKnown ? Reading.Of(rules.Value.FirstOrDefault(rule => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            : Reading.Unknown<FirewallRule?>(rules.Finding!);
    }

    public override void Add(FirewallRule rule)
    {
        RequireFree(rule, besides: rule.Name);
        Open(rule);
    }

    public override void Update(FirewallRule rule, FirewallRule previous)
    {
        RequireFree(rule, besides: previous.Name);
        Remove(previous);
        Open(rule);
    }

    public override void Remove(FirewallRule rule) => firewall.RemoveOpenPort(Port(rule), rule.Protocol);

    void Open(FirewallRule rule) => firewall.AddOpenPort(new OpenPort
    {
        Name = rule.Name,
        Port = Port(rule),
        Protocol = rule.Protocol,
        Enabled = rule.Enabled,
    });

    // A port can be open only once: opening it again would replace the name of the other opening.
    void RequireFree(FirewallRule rule, string besides)
    {
        var other = Require().FirstOrDefault(open => open.LocalPorts == rule.LocalPorts && open.Protocol == rule.Protocol);
        if (other is not null && !other.Name.Equals(besides, StringComparison.OrdinalIgnoreCase))
            throw new TeredoException(TeredoError.InvalidFirewallRule, $"The firewall has the port {rule.LocalPorts} open already as '{other.Name}': "
                + "use another port, or close that port in the firewall's settings.");
    }

    static int Port(FirewallRule rule) => int.Parse(rule.LocalPorts!, CultureInfo.InvariantCulture);

    static FirewallRule ToRule(OpenPort port) => new()
    {
        Name = port.Name,
        Grouping = ExceptionRules.HasOwnName(port.Name) ? FirewallExceptionRequest.OwnGrouping : null,
        Protocol = port.Protocol,
        LocalPorts = port.Port.ToString(CultureInfo.InvariantCulture),
        EdgeTraversal = EdgeTraversal.Allow,
        Enabled = port.Enabled,
    };
}
