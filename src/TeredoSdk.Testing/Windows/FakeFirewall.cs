using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>
/// The firewall of a <see cref="FakeWindows"/>. As in Windows, its rule store checks rules, allows two rules with one name, and removes one rule at a
/// time. Safe for any number of threads.
/// </summary>
[Experimental("TEREDO001")]
public sealed class FakeFirewall : IWindowsFirewall
{
    readonly FakeWindows _windows;
    readonly Lock _gate = new();
    readonly List<FirewallRule> _rules = [];
    readonly List<OpenPort> _openPorts = [];

    internal FakeFirewall(FakeWindows windows)
    {
        _windows = windows;
        Level = windows.IsBefore(6, 0) ? FirewallGeneration.Xp : windows.IsBefore(6, 1) ? FirewallGeneration.Vista
            : windows.IsBefore(6, 2) ? FirewallGeneration.Windows7 : FirewallGeneration.Windows8;
    }

    /// <summary>The generation of its interfaces; at first that of the Windows version.</summary>
    public FirewallGeneration Level { get; set; }

    /// <summary>The active profiles; at first the public one, which is on and blocks packets that no rule allows.</summary>
    public IReadOnlyList<FirewallProfileStatus> Profiles { get; set; } =
        [new() { Profile = FirewallProfiles.Public, Enabled = true, BlocksAllInbound = false, DefaultInbound = FirewallAction.Block }];

    /// <summary>Whether local rules have an effect.</summary>
    public FirewallModifyState ModifyState { get; set; }

    /// <summary>The firewalls of other vendors.</summary>
    public IReadOnlyList<string> Products { get; set; } = [];

    /// <summary>The present rules.</summary>
    public IReadOnlyList<FirewallRule> Rules
    {
        get
        {
            lock (_gate)
                return [.. _rules];
        }
    }

    /// <summary>The ports that are open for all programs.</summary>
    public IReadOnlyList<OpenPort> OpenPorts
    {
        get
        {
            lock (_gate)
                return [.. _openPorts];
        }
    }

    /// <inheritdoc/>
    public Reading<FirewallGeneration> Generation => Read(nameof(Generation), FirewallGeneration.None, () => Level);

    /// <inheritdoc/>
    public Reading<IReadOnlyList<FirewallRule>> ReadRules() => Read(nameof(ReadRules), FirewallGeneration.Vista, () => Rules);

    /// <inheritdoc/>
    public Reading<FirewallStatus> ReadStatus() => Read(nameof(ReadStatus), FirewallGeneration.Xp,
        () => new FirewallStatus { Active = Profiles, ModifyState = ModifyState });

    /// <inheritdoc/>
    public Reading<IReadOnlyList<string>> ReadProducts() => Read(nameof(ReadProducts), FirewallGeneration.Windows7, () => Products);

    /// <inheritdoc/>
    public Reading<IReadOnlyList<OpenPort>> ReadOpenPorts() => Read(nameof(ReadOpenPorts), FirewallGeneration.Xp, () => OpenPorts);

    /// <inheritdoc/>
    public void Add(FirewallRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        RequireWriting(nameof(Add), FirewallGeneration.Vista);
        FakeRuleChecks.Check(rule, Level);
        lock (_gate)
            _rules.Add(rule);
        _windows.Note($"AddRule {rule.Name}");
    }

    /// <inheritdoc/>
    public void Update(FirewallRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        RequireWriting(nameof(Update), FirewallGeneration.Vista);
        FakeRuleChecks.Check(rule, Level);
        lock (_gate)
        {
            int at = IndexOf(rule.Name);
            if (at < 0)
                throw new TeredoException(TeredoError.InvalidFirewallRule, $"There is no firewall rule '{rule.Name}' to change.");
            _rules[at] = rule;
        }
        _windows.Note($"UpdateRule {rule.Name}");
    }

    /// <inheritdoc/>
    public void Remove(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        RequireWriting(nameof(Remove), FirewallGeneration.Vista);
        lock (_gate)
        {
            int at = IndexOf(name);
            if (at < 0)
                return;
            _rules.RemoveAt(at);
        }
        _windows.Note($"RemoveRule {name}");
    }

    /// <inheritdoc/>
    public void AddOpenPort(OpenPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        RequireWriting(nameof(AddOpenPort), FirewallGeneration.Xp);
        FakeRuleChecks.Check(port);
        lock (_gate)
        {
            _openPorts.RemoveAll(open => open.Port == port.Port && open.Protocol == port.Protocol);
            _openPorts.Add(port);
        }
        _windows.Note($"OpenPort {port.Protocol} {port.Port}");
    }

    /// <inheritdoc/>
    public void RemoveOpenPort(int port, FirewallProtocol protocol)
    {
        RequireWriting(nameof(RemoveOpenPort), FirewallGeneration.Xp);
        lock (_gate)
            if (_openPorts.RemoveAll(open => open.Port == port && open.Protocol == protocol) == 0)
                return;
        _windows.Note($"ClosePort {protocol} {port}");
    }

    /// <summary>Adds a rule as if another program had made it. Neither rights nor the validity of the rule are checked.</summary>
    /// <param name="rule">The rule.</param>
    public void Plant(FirewallRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (_gate)
            _rules.Add(rule);
    }

    // Called under the lock. Windows ignores the case of names.
    int IndexOf(string name) => _rules.FindIndex(rule => string.Equals(rule.Name, name, StringComparison.OrdinalIgnoreCase));

    Reading<T> Read<T>(string call, FirewallGeneration since, Func<T> read) =>
        WhyNot(call, since) is { } reason ? Reading.Unknown<T>(reason) : Reading.Of(read());

    void RequireWriting(string call, FirewallGeneration since)
    {
        if (WhyNot(call, since) is { } reason)
            throw new TeredoException(TeredoError.FirewallUnavailable, reason);
        _windows.RequireElevation("Changing the firewall");
    }

    // Before Windows Vista, the firewall runs in another service.
    string? WhyNot(string call, FirewallGeneration since) => _windows.Absent($"{nameof(FakeWindows.Firewall)}.{call}")
        ?? (Level < since ? $"The firewall of Windows {_windows.Version} does not have {call}." : null)
        ?? (Level >= FirewallGeneration.Vista && !_windows.Runs("mpssvc") ? "The service mpssvc, the Windows Firewall, does not run. "
            + "Start it: sc start mpssvc." : null);
}
