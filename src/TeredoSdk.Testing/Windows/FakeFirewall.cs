using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>
/// The firewall of a <see cref="FakeWindows"/>. As in Windows, its rule store checks rules, allows two rules with one name, removes one rule at a
/// time (or all of a name), and commits each property of a stored rule at once. Safe for any number of threads.
/// </summary>
/// <remarks>Written after the pages of INetFwRules, INetFwRule and [MS-FASP] 2.2.37.</remarks>
[Experimental("TEREDO001")]
public sealed class FakeFirewall : IWindowsFirewall
{
    readonly FakeWindows _windows;
    readonly Lock _gate = new();
    readonly List<FirewallRule> _rules = [];
    readonly List<(FirewallRule Rule, int Reads)> _unseen = []; // rules that only later reads show
    readonly List<OpenPort> _openPorts = [];
    int _ruleListReads;

    internal FakeFirewall(FakeWindows windows) => _windows = windows;

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

    /// <summary>
    /// How many reads after its addition do not show a rule: INetFwRule speaks of "a small time lag before the newly-added rule is applied". At first 0.
    /// </summary>
    public int RuleLag { get; set; }

    /// <summary>
    /// Whether <see cref="Remove"/> takes all rules of a name. The page of INetFwRules::Remove says "removes a rule", and of several with one name nothing.
    /// False, at first: one, so that a program has to look whether more are left.
    /// </summary>
    public bool RemovesAllOfAName { get; set; }

    /// <summary>How often the list of all rules was read, which takes seconds where there are tens of thousands.</summary>
    public int RuleListReads => Volatile.Read(ref _ruleListReads);

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
    public Reading<IReadOnlyList<FirewallRule>> ReadRules() => Read<IReadOnlyList<FirewallRule>>(nameof(ReadRules), () =>
    {
        Interlocked.Increment(ref _ruleListReads);
        return Seen();
    });

    /// <inheritdoc/>
    public Reading<FirewallRule?> ReadRule(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Read(nameof(ReadRule), () => Seen().FirstOrDefault(rule => IsNamed(rule, name)));
    }

    /// <inheritdoc/>
    public Reading<FirewallStatus> ReadStatus() => Read(nameof(ReadStatus),
        () => new FirewallStatus { Active = Profiles, ModifyState = ModifyState });

    /// <inheritdoc/>
    public Reading<IReadOnlyList<string>> ReadProducts() => Read(nameof(ReadProducts), () => Products);

    /// <inheritdoc/>
    public Reading<IReadOnlyList<OpenPort>> ReadOpenPorts() => Read(nameof(ReadOpenPorts), () => OpenPorts);

    /// <inheritdoc/>
    public void Add(FirewallRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        RequireWriting(nameof(Add));
        FakeRuleChecks.Check(rule);
        lock (_gate)
        {
            _rules.Add(rule);
            if (RuleLag > 0)
                _unseen.Add((rule, RuleLag));
        }
        _windows.Note($"AddRule {rule.Name}");
    }

    /// <inheritdoc/>
    public void Update(FirewallRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        RequireWriting(nameof(Update));
        bool isChanged = false;
        foreach (var (property, take) in FakeRuleProperties.InOrder)
        {
            var stored = Find(rule.Name) ?? throw new TeredoException(TeredoError.InvalidFirewallRule, $"There is no firewall rule '{rule.Name}' to change.");
            var changed = take(stored, rule);
            if (changed == stored)
                continue;
            _windows.Begin($"{nameof(FakeWindows.Firewall)}.{nameof(Update)}.{property}");
            FakeRuleChecks.Check(changed);
            lock (_gate)
                _rules[_rules.IndexOf(stored)] = changed;
            isChanged = true;
        }
        if (isChanged)
            _windows.Note($"UpdateRule {rule.Name}");
    }

    /// <inheritdoc/>
    public void Remove(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        RequireWriting(nameof(Remove));
        lock (_gate)
        {
            FirewallRule[] removed = [.. _rules.Where(rule => IsNamed(rule, name)).Take(RemovesAllOfAName ? int.MaxValue : 1)];
            if (removed.Length == 0)
                return;
            _unseen.RemoveAll(each => removed.Contains(each.Rule));
            foreach (var rule in removed)
                _rules.Remove(rule);
        }
        _windows.Note($"RemoveRule {name}");
    }

    /// <inheritdoc/>
    public void AddOpenPort(OpenPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        RequireWriting(nameof(AddOpenPort));
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
        RequireWriting(nameof(RemoveOpenPort));
        lock (_gate)
            if (_openPorts.RemoveAll(open => open.Port == port && open.Protocol == protocol) == 0)
                return;
        _windows.Note($"ClosePort {protocol} {port}");
    }

    /// <summary>
    /// Adds the rules of a fresh Windows that concern Teredo: the group Core Networking, whose ICMPv6 rules have edge traversal, and the disabled Echo
    /// Request rules of File and Printer Sharing, which have none. Programs find such rules by their content, since names are translated.
    /// </summary>
    public void PlantWindowsRules()
    {
        foreach (var rule in FakeWindowsRules.Fresh)
            Plant(rule);
    }

    /// <summary>
    /// Adds what Windows adds when a person cancels its own prompt at a program's first listen: two rules that block the program, for TCP and for UDP,
    /// named after the program. A block overrides every exception.
    /// </summary>
    /// <param name="programPath">The full path of the program.</param>
    /// <param name="profiles">The profiles that the prompt was for.</param>
    public void PlantCancelledPrompt(string programPath, FirewallProfiles profiles = FirewallProfiles.Public)
    {
        ArgumentException.ThrowIfNullOrEmpty(programPath);
        foreach (var protocol in (ReadOnlySpan<FirewallProtocol>)[FirewallProtocol.Tcp, FirewallProtocol.Udp])
            Plant(new()
            {
                Name = programPath[(programPath.LastIndexOf('\\') + 1)..].ToLowerInvariant(),
                Description = programPath[(programPath.LastIndexOf('\\') + 1)..].ToLowerInvariant(),
                ProgramPath = programPath.ToLowerInvariant(),
                Protocol = protocol,
                Profiles = profiles,
                Enabled = true,
                Action = FirewallAction.Block,
                EdgeTraversal = EdgeTraversal.DeferToUser,
            });
    }

    /// <summary>Adds a rule as if another program had made it. Neither rights nor the validity of the rule are checked.</summary>
    /// <param name="rule">The rule.</param>
    public void Plant(FirewallRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (_gate)
            _rules.Add(rule);
    }

    bool IsOfXp => _windows.IsBefore(6, 0);

    // Windows ignores the case of names.
    static bool IsNamed(FirewallRule rule, string name) => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    FirewallRule? Find(string name)
    {
        lock (_gate)
            return _rules.Find(rule => IsNamed(rule, name));
    }

    // What a read shows now. Each read brings a new rule nearer.
    List<FirewallRule> Seen()
    {
        lock (_gate)
        {
            List<FirewallRule> seen = [.. _rules];
            foreach (var (rule, _) in _unseen)
                seen.Remove(rule);
            for (int i = _unseen.Count - 1; i >= 0; i--)
                if (_unseen[i] is var (rule, reads) && reads > 1)
                    _unseen[i] = (rule, reads - 1);
                else
                    _unseen.RemoveAt(i);
            return seen;
        }
    }

    Reading<T> Read<T>(string call, Func<T> read)
    {
        try
        {
            _windows.Begin($"{nameof(FakeWindows.Firewall)}.{call}");
        }
        catch (TeredoException planned)
        {
            return Reading.Unknown<T>(planned.Message);
        }
        return WhyNot(call) is { } reason ? Reading.Unknown<T>(reason) : Reading.Of(read());
    }

    void RequireWriting(string call)
    {
        _windows.Begin($"{nameof(FakeWindows.Firewall)}.{call}");
        if (WhyNot(call) is { } reason)
            throw new TeredoException(TeredoError.FirewallUnavailable, reason);
        _windows.RequireElevation("Changing the firewall");
    }

    // Windows XP has open ports and no rules, and its firewall runs in another service.
    string? WhyNot(string call) => _windows.Absent($"{nameof(FakeWindows.Firewall)}.{call}")
        ?? (IsOfXp && !call.EndsWith("OpenPort", StringComparison.Ordinal) && call is not (nameof(ReadOpenPorts) or nameof(ReadStatus))
            ? $"The firewall of Windows {_windows.Version} does not have {call}." : null)
        ?? (!IsOfXp && !_windows.Runs("mpssvc") ? "The service mpssvc, the Windows Firewall, does not run. "
            + "Start it: sc start mpssvc." : null);
}
