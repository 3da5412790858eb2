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
/// <param name="time">The clock for time-outs, and for the wait until a rule is seen.</param>
/// <param name="log">Is told what is added, and what is missing.</param>
sealed class ProgramFirewall(
    IWindowsSystem windows, bool? register, Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent, string? own, TimeProvider time, ILogger log)
{
    readonly Lock _gate = new();
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
    /// no stranger gets in. All rules are read once.
    /// </summary>
    /// <param name="port">The socket's port, or none when any port will do.</param>
    /// <param name="choosePort">Chooses a port. Called when a rule is needed, because a rule must exist before its socket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Admission> AdmitAsync(ListenPort port, Func<int> choosePort, CancellationToken cancellationToken)
    {
        var view = await FirewallView.ReadAsync(windows.Firewall, time, cancellationToken).ConfigureAwait(false);
        var found = Judge(view, port);
        if (IsMissing(found) && port.Port is null && MayAdd)
        {
            port = port with { Port = choosePort() };
            found = Judge(view, port);
        }
        var added = IsMissing(found) && MayAdd ? await TryAddAsync(port, found, cancellationToken).ConfigureAwait(false) : (null, found.Finding);
        if (added.Finding is { } finding)
            Log.FirewallExceptionMissing(log, finding.Sentence);
        return new(port, added.Rule is not null, added.Rule is { } rule ? view.With([], [rule]) : view);
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
    public async Task WhenRemovedAsync()
    {
        Task removing;
        lock (_gate)
            removing = _removing;
        try
        {
            await removing.WaitAsync(PatientCall.Limit, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Log.WindowsStep(log, "The firewall does not answer, so rules of closed sockets may remain. The next start of this program removes them.");
        }
    }

    /// <summary>Removes the rules that a crashed run of this program left, where this process has the rights.</summary>
    /// <param name="view">The rules.</param>
    /// <returns>The view without them.</returns>
    public FirewallView RemoveStale(FirewallView view)
    {
        if (!windows.IsElevated || windows.ProgramPath is not { } program || !view.Rules.TryGet(out var rules))
            return view;
        FirewallRule[] stale = [.. ListenRules.Stale(windows, rules, program)];
        return stale.Length == 0 ? view : view.With([.. stale.Where(Remove)], []);
    }

    /// <summary>
    /// Checks whether the exceptions are in force: for each opted-in socket or, when there is none, for any port. While a socket's state is as it
    /// was after a failed attempt to add its exception, its result says why. Changes nothing.
    /// </summary>
    public IReadOnlyList<FirewallExceptionCheck> Check(FirewallView view)
    {
        ListenPort[] open;
        lock (_gate)
            open = [.. _open];
        return windows.ProgramPath is not { } program || open.Length == 0 ? [FirewallAdvice.Of(ExceptionCheck.OfProgram(view, windows.ProgramPath), own)]
            : [.. open.Zip(ExceptionCheck.OfEach(view, program, open).Select(check => FirewallAdvice.Of(check, own)), WithRefusal)];
    }

    bool MayAdd => register ?? consent is not null;

    // Only these are mended by a rule of this program.
    static bool IsMissing(FirewallExceptionCheck found) => found.Finding?.Id is FindingIds.FirewallNoException or FindingIds.FirewallExceptionNarrow;

    FirewallExceptionCheck Judge(FirewallView view, ListenPort port) => FirewallAdvice.Of(windows.ProgramPath is { } program
        ? ExceptionCheck.OfEach(view, program, [port])[0] : ExceptionCheck.OfProgram(view, null), own);

    FirewallExceptionCheck WithRefusal(ListenPort port, FirewallExceptionCheck found)
    {
        lock (_gate)
            return _refusals.TryGetValue(port, out var refusal) && refusal.Id == found.Finding?.Id ? found with { Finding = refusal.Finding } : found;
    }

    // Returns the rule, or why it is missing.
    async Task<(FirewallRule? Rule, Finding? Finding)> TryAddAsync(ListenPort port, FirewallExceptionCheck found, CancellationToken cancellationToken)
    {
        try
        {
            string program = windows.ProgramPath!; // otherwise nothing would be missing
            var request = ExceptionCheck.Request(program, port);
            var fix = FirewallAdvice.ToAdd(request, own);
            var rule = ListenRules.Of(new TeredoFirewall(windows).WantedRules(request)[0], request.Name, port);
            string what = $"the firewall rule '{rule.Name}', which lets strangers reach {port} of '{program}' through Teredo while it listens";
            if (!windows.IsElevated)
                throw TeredoFirewall.NeedsRights(fix);
            if (register is null && !await AskAsync(what, fix, cancellationToken).ConfigureAwait(false))
                return (null, found.Finding);
            rule = await AddAsync(rule, cancellationToken).ConfigureAwait(false);
            lock (_gate)
                _added[port] = rule;
            Note($"Added {what}.");
            return (rule, null);
        }
        catch (TeredoException e)
        {
            lock (_gate)
                _refusals[port] = new(found.Finding?.Id, e.Finding);
            return (null, e.Finding);
        }
    }

    ValueTask<bool> AskAsync(string what, Fix fix, CancellationToken cancellationToken) => consent!(new()
    {
        Kind = ConsentKind.AddFirewallException,
        Question = $"Add {what}? It is removed when the program stops listening.",
        Command = fix.Command ?? fix.Sentence,
    }, cancellationToken);

    // When the caller gives up, or the firewall does not answer, the rule is removed as soon as the writing has ended.
    async Task<FirewallRule> AddAsync(FirewallRule rule, CancellationToken cancellationToken)
    {
        FirewallRule? written = null;
        var adding = Task.Run(() => WriteAsync(rule, each => written = each, cancellationToken), CancellationToken.None);
        try
        {
            await PatientCall.RunAsync(() => adding, time, cancellationToken).ConfigureAwait(false);
            return written!;
        }
        catch
        {
            lock (_gate)
                _removing = Task.WhenAll(_removing, TakeBackAsync());
            throw;
        }

        async Task TakeBackAsync()
        {
            await adding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            if (written is not null)
                Remove(written);
        }
    }

    // The rule is found by its name, never by a pass over all rules.
    async Task WriteAsync(FirewallRule rule, Action<FirewallRule> note, CancellationToken cancellationToken)
    {
        var firewall = windows.Firewall;
        var former = firewall.RequireRule(rule.Name);
        if (former is not null)
            ExceptionPlan.RequireNoOther(rule.Name, [former]);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            Write(rule);
        }
        catch (TeredoException e) when (e.Error == TeredoError.InvalidFirewallRule)
        {
            Write(rule with { LocalAddresses = null }); // a firewall that does not take the addresses
        }
        if (!IsSeen(await firewall.AwaitRuleAsync(rule.Name, IsSeen, time, cancellationToken).ConfigureAwait(false)))
            throw new TeredoException(TeredoError.SetupFailed, $"The firewall accepted the rule '{rule.Name}', but does not show it: "
                + "check whether another program or a policy manages this firewall.");

        // What the firewall makes of addresses is its own; whose the rule is, is not.
        bool IsSeen(FirewallRule? found) => found is not null && ListenRules.OwnerOf(found) == ListenRules.OwnerOf(rule);

        void Write(FirewallRule written)
        {
            if (former is null)
                firewall.Add(written);
            else
                firewall.Update(written); // left by a run of this program that has ended
            note(written);
        }
    }

    // Returns whether the rule is gone. A rule that another process of this program took over meanwhile is that process's.
    bool Remove(FirewallRule rule)
    {
        try
        {
            var now = windows.Firewall.ReadRule(rule.Name).ValueOrDefault;
            if (now is not null && ListenRules.OwnerOf(now) != ListenRules.OwnerOf(rule))
                return false;
            windows.Firewall.Remove(rule.Name); // also when it is not seen yet
            Note($"Removed the firewall rule '{rule.Name}'.");
            return true;
        }
        catch (TeredoException e)
        {
            Log.WindowsStep(log, $"The firewall rule '{rule.Name}' could not be removed. The next start of this program tries again. {e.Message}");
            return false;
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

/// <summary>A socket that may open.</summary>
/// <param name="Port">The port to open.</param>
/// <param name="IsAdded">Whether a rule was added for it.</param>
/// <param name="View">The firewall as it is now.</param>
sealed record Admission(ListenPort Port, bool IsAdded, FirewallView View);
