using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// Manages the firewall exceptions of this program's opted-in sockets. With a yes, it adds a rule for the protocol and port of a socket before the
/// socket opens, and removes it after the socket has closed. Safe for any number of threads.
/// </summary>
/// <param name="windows">The system.</param>
/// <param name="register">The application's own answer; null to ask.</param>
/// <param name="consent">Asks the person at the machine; null when nobody can be asked.</param>
/// <param name="own">The application's own command that adds its exception; null for netsh.</param>
/// <param name="log">Is told what is added, and what is missing.</param>
sealed class ProgramFirewall(
    IWindowsSystem windows, bool? register, Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent, string? own, ILogger log)
{
    readonly Lock _gate = new();
    readonly TeredoFirewall _firewall = new(windows);
    readonly HashSet<ListenPort> _open = [];
    readonly Dictionary<ListenPort, FirewallRule> _added = [];
    readonly Dictionary<ListenPort, Refusal> _refusals = []; // why an exception could not be made
    readonly List<string> _steps = [];
    Task _removing = Task.CompletedTask;

    /// <summary>What was added and removed, as sentences.</summary>
    public IReadOnlyList<string> Steps
    {
        get
        {
            lock (_gate)
                return [.. _steps];
        }
    }

    /// <summary>
    /// Registers a socket that will open, and adds its exception when that is allowed. The socket opens even if that fails; the report then says why
    /// no stranger gets in.
    /// </summary>
    /// <param name="port">The socket's port, or none when any port will do.</param>
    /// <param name="choosePort">Chooses a port. Called when a rule is needed, because a rule must exist before its socket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The port to open, and whether a rule was added for it.</returns>
    public async Task<(ListenPort Port, bool IsAdded)> AdmitAsync(ListenPort port, Func<int> choosePort, CancellationToken cancellationToken)
    {
        var found = await Task.Run(() => Judge(port), cancellationToken).ConfigureAwait(false);
        if (IsMissing(found) && port.Port is null && MayAdd)
        {
            port = port with { Port = choosePort() };
            found = await Task.Run(() => Judge(port), cancellationToken).ConfigureAwait(false);
        }
        bool isMissing = IsMissing(found) && MayAdd;
        if (isMissing && windows.ProgramPath is { } program)
            found = await TryAddAsync(program, port, found, cancellationToken).ConfigureAwait(false);
        if (found.Finding is { } finding)
            Log.FirewallExceptionMissing(log, finding.Sentence);
        return (port, isMissing && found.LetsIn == true);
    }

    /// <summary>Registers an opted-in socket that is open.</summary>
    public void HandleOpened(ListenPort port)
    {
        lock (_gate)
            _open.Add(port);
    }

    /// <summary>Forgets a socket, and removes the rule that was added for it in the background.</summary>
    public void HandleClosed(ListenPort port)
    {
        lock (_gate)
        {
            _open.Remove(port);
            _refusals.Remove(port);
            if (_added.Remove(port, out var rule))
                _removing = Task.WhenAll(_removing, Task.Run(() => Remove(rule)));
        }
    }

    /// <summary>Waits until the rules of closed sockets are removed.</summary>
    public Task WhenRemovedAsync()
    {
        lock (_gate)
            return _removing;
    }

    /// <summary>Removes the rules that a crashed run of this program left, where this process has the rights.</summary>
    public void RemoveStale()
    {
        if (!windows.IsElevated || windows.ProgramPath is not { } program || !windows.Firewall.ReadRules().TryGet(out var rules))
            return;
        foreach (var rule in ListenRules.Stale(rules, program))
            Remove(rule);
    }

    /// <summary>
    /// Checks whether the exceptions are in force: for each opted-in socket or, when there is none, for any port. While a socket's state is as it
    /// was after a failed attempt to add its exception, its result says why. Changes nothing.
    /// </summary>
    public IReadOnlyList<FirewallExceptionCheck> Check()
    {
        ListenPort[] open;
        lock (_gate)
            open = [.. _open];
        if (windows.ProgramPath is not { } program)
            return [NotKnown];
        if (open.Length == 0)
            return [FirewallAdvice.Of(_firewall.Check(program), own)];
        return [.. open.Zip(ExceptionCheck.OfEach(windows.Firewall, program, open).Select(check => FirewallAdvice.Of(check, own)), WithRefusal)];
    }

    static FirewallExceptionCheck NotKnown => new() { LetsIn = null, Finding = FirewallFindings.ProgramNotKnown() };

    // The XP-era firewall opens ports to every program, and keeps no description.
    bool MayAdd => (register ?? consent is not null) && windows.Firewall.Generation.ValueOrDefault >= FirewallGeneration.Vista;

    // Only these are mended by a rule of this program.
    static bool IsMissing(FirewallExceptionCheck found) => found.Finding?.Id is FindingIds.FirewallNoException or FindingIds.FirewallExceptionNarrow;

    FirewallExceptionCheck Judge(ListenPort port) => windows.ProgramPath is { } program
        ? FirewallAdvice.Of(ExceptionCheck.OfEach(windows.Firewall, program, [port])[0], own) : NotKnown;

    FirewallExceptionCheck WithRefusal(ListenPort port, FirewallExceptionCheck found)
    {
        lock (_gate)
            return _refusals.TryGetValue(port, out var refusal) && refusal.Id == found.Finding?.Id ? found with { Finding = refusal.Finding } : found;
    }

    async Task<FirewallExceptionCheck> TryAddAsync(string program, ListenPort port, FirewallExceptionCheck found, CancellationToken cancellationToken)
    {
        try
        {
            var request = ExceptionCheck.Request(program, port);
            var fix = FirewallAdvice.ToAdd(request, own);
            var rule = ListenRules.Of(_firewall.WantedRules(request)[0], request.Name, port);
            string what = $"the firewall rule '{rule.Name}', which lets strangers reach {port} of '{program}' through Teredo while it listens";
            if (!windows.IsElevated)
                throw TeredoFirewall.NeedsRights(fix);
            if (register is null && !await AskAsync(what, fix, cancellationToken).ConfigureAwait(false))
                return found;
            await Task.Run(() => Add(rule), cancellationToken).ConfigureAwait(false);
            lock (_gate)
                _added[port] = rule;
            Note($"Added {what}.");
            return new() { LetsIn = true };
        }
        catch (TeredoException e)
        {
            lock (_gate)
                _refusals[port] = new(found.Finding?.Id, e.Finding);
            return found with { Finding = e.Finding };
        }
    }

    ValueTask<bool> AskAsync(string what, Fix fix, CancellationToken cancellationToken) => consent!(new()
    {
        Kind = ConsentKind.AddFirewallException,
        Question = $"Add {what}? It is removed when the program stops listening.",
        Command = fix.Command ?? fix.Sentence,
    }, cancellationToken);

    void Add(FirewallRule rule)
    {
        var store = RuleStore.Of(windows.Firewall);
        var former = store.Require().FirstOrDefault(other => other.Name.Equals(rule.Name, StringComparison.OrdinalIgnoreCase));
        if (former is not null)
            ExceptionPlan.RequireNoOther(rule.Name, [former]);
        try
        {
            Write(rule);
        }
        catch (TeredoException e) when (e.Error == TeredoError.InvalidFirewallRule)
        {
            Write(rule with { LocalAddresses = null }); // a firewall that does not take the addresses
        }

        void Write(FirewallRule written)
        {
            if (former is null)
                store.Add(written);
            else
                store.Update(written, former); // left by a run of this program that has ended
        }
    }

    // A rule that another process of this program took over meanwhile is that process's.
    void Remove(FirewallRule rule)
    {
        try
        {
            var now = windows.Firewall.ReadRule(rule.Name).ValueOrDefault;
            if (now is not null && ListenRules.OwnerOf(now) != ListenRules.OwnerOf(rule))
                return;
            windows.Firewall.Remove(rule.Name);
            Note($"Removed the firewall rule '{rule.Name}'.");
        }
        catch (TeredoException e)
        {
            Log.WindowsStep(log, $"The firewall rule '{rule.Name}' could not be removed. The next start of this program tries again. {e.Message}");
        }
    }

    void Note(string step)
    {
        lock (_gate)
            _steps.Add(step);
        Log.WindowsStep(log, step);
    }

    // What was found when the exception could not be made, and why it could not.
    sealed record Refusal(string? Id, Finding Finding);
}
