using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows;

/// <summary>
/// Plans, adds, verifies, checks and removes firewall exceptions that let strangers reach a program through Teredo. It never adds a rule twice. It
/// works over any <see cref="IWindowsFirewall"/>, so that it also runs on other systems with a fake firewall.
/// </summary>
/// <remarks>
/// <see cref="EnsureAsync"/> and <see cref="RemoveOwnedAsync"/> need an administrator; the other methods do not. Only rules of the group
/// <see cref="FirewallExceptionRequest.OwnGrouping"/> are ever changed.
/// Windows is called on another thread than the caller's. Each read and each change may take two minutes; then Windows is said not to answer.
/// Safe for any number of threads, but two calls that change rules at the same time may both add a rule.
/// </remarks>
public sealed class TeredoFirewall
{
    const string RightsNeeded = "Changing the firewall needs an administrator's rights.";

    readonly IWindowsSystem _windows;
    readonly TimeProvider _time;

    /// <summary>Works on the firewall of this machine's Windows.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    public TeredoFirewall() : this(WindowsTeredo.RequireWindows())
    {
    }

    /// <summary>Works on the firewall of the given Windows.</summary>
    /// <param name="windows">The system.</param>
    [Experimental("TEREDO001")]
    public TeredoFirewall(IWindowsSystem windows) : this(windows, TimeProvider.System)
    {
    }

    /// <summary>Works with another clock for time-outs.</summary>
    internal TeredoFirewall(IWindowsSystem windows, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(windows);
        (_windows, _time) = (windows, time);
    }

    IWindowsFirewall Firewall => _windows.Firewall;

    /// <summary>
    /// The rules for a request: one for each protocol or named port of the program, and one for the Teredo port when the request asks for it. Where
    /// another program has rules of the name, <see cref="PlanAsync"/> adds a digest of the program's path to the name of each rule.
    /// </summary>
    /// <param name="request">The exception to make.</param>
    /// <exception cref="TeredoException">
    /// The name or a port is not valid (<see cref="TeredoError.InvalidFirewallRule"/>); the program's path is not a full path, or the program does
    /// not exist or is dotnet.exe (<see cref="TeredoError.InvalidProgram"/>).
    /// </exception>
    internal IReadOnlyList<FirewallRule> WantedRules(FirewallExceptionRequest request) => RulesOf(request, request.Name);

    IReadOnlyList<FirewallRule> RulesOf(FirewallExceptionRequest request, string title)
    {
        RequestChecks.Check(request, _windows);
        return ExceptionRules.Of(Final(request), title);
    }

    // Advice names the path that the firewall compares, too.
    FirewallExceptionRequest Final(FirewallExceptionRequest request) =>
        request.ProgramPath is { } path ? request.With(ApplicationRules.PathOf(_windows, path)) : request;

    /// <summary>
    /// The steps that <see cref="EnsureAsync"/> would take: one for each wanted rule, then one for each of the SDK's own rules of this application that
    /// the request does not need. Changes nothing.
    /// </summary>
    /// <param name="request">The exception to make.</param>
    /// <param name="cancellationToken">Gives up at once.</param>
    /// <exception cref="TeredoException">
    /// The name or a port is not valid, or a rule that is not the SDK's own has one of the names (<see cref="TeredoError.InvalidFirewallRule"/>); the
    /// program's path is not a full path, or the program does not exist or is dotnet.exe (<see cref="TeredoError.InvalidProgram"/>); the firewall
    /// can't be read or does not answer (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    public async Task<IReadOnlyList<FirewallChange>> PlanAsync(FirewallExceptionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var copy = request.Snapshot();
        return await AskAsync(() => PlanFor(copy, () => Firewall.ReadRules().Require()), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Plans as <see cref="PlanAsync"/> does, for rules that were read before.</summary>
    /// <param name="request">The exception to make.</param>
    /// <param name="rules">All rules.</param>
    /// <param name="taken">The names of the rules in the records of other applications.</param>
    internal IReadOnlyList<FirewallChange> PlanFor(FirewallExceptionRequest request, Func<IReadOnlyList<FirewallRule>> rules, IEnumerable<string>? taken = null)
    {
        var wanted = WantedRules(request); // first, because it says best what is wrong with a request
        var all = rules();
        var application = request.ProgramPath is { } program ? new ApplicationRules(_windows, request.Name, program, all, taken) : null;
        if (application is not null)
            wanted = RulesOf(request, application.Title);
        return ExceptionPlan.Of(wanted, all, application);
    }

    /// <summary>
    /// Adds the wanted rules, and removes rules of an earlier request of the same name and program that this request does not need (a request without a program
    /// leaves the program's rules alone). Then reads the rules back, and checks whether they are in force. A second run changes nothing. The former
    /// rules are not remembered; <see cref="Setup.TeredoSetup"/> remembers them.
    /// </summary>
    /// <param name="request">The exception to make.</param>
    /// <param name="cancellationToken">Gives up at once. Completed steps stay, and a change that has begun may still be made.</param>
    /// <returns>
    /// The result of <see cref="CheckAsync(FirewallExceptionRequest, CancellationToken)"/> afterwards: the rules exist, but something else may override them.
    /// </returns>
    /// <exception cref="TeredoException">
    /// As for <see cref="PlanAsync"/>; rights are missing (<see cref="TeredoError.AccessDenied"/>, with the command to run); a rule reads back
    /// differently (<see cref="TeredoError.SetupFailed"/>). Completed steps stay; the next run continues from there.
    /// </exception>
    public async Task<FirewallExceptionCheck> EnsureAsync(FirewallExceptionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var copy = request.Snapshot();
        var view = await FirewallView.ReadAsync(Firewall, _time, cancellationToken).ConfigureAwait(false);
        var (plan, final) = await AskAsync(() => (PlanFor(copy, () => view.Rules.Require()), Final(copy)), cancellationToken).ConfigureAwait(false);
        await ApplyAsync(plan, final, cancellationToken).ConfigureAwait(false);
        return await CheckAsync(copy, view.With(
            [.. plan.Select(step => step.Previous).OfType<FirewallRule>()],
            [.. plan.Where(step => step.Kind != FirewallChangeKind.Remove).Select(step => step.Rule)]), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether the requested traffic gets in now. Any program's rules count, and so does everything that may override rules.
    /// </summary>
    /// <param name="request">The requested exception. It is not checked for validity.</param>
    /// <param name="cancellationToken">Gives up at once.</param>
    /// <returns>The result; one that is not known where the firewall can't be read or does not answer.</returns>
    /// <exception cref="TeredoException">Another part of Windows does not answer (<see cref="TeredoError.FirewallUnavailable"/>).</exception>
    public async Task<FirewallExceptionCheck> CheckAsync(FirewallExceptionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var copy = request.Snapshot();
        var view = await FirewallView.ReadAsync(Firewall, _time, cancellationToken).ConfigureAwait(false);
        return await CheckAsync(copy, view, cancellationToken).ConfigureAwait(false);
    }

    Task<FirewallExceptionCheck> CheckAsync(FirewallExceptionRequest request, FirewallView view, CancellationToken cancellationToken) => AskAsync(() =>
    {
        request = Final(request);
        List<Traffic> traffic = request.ProgramPath is { } path
            ? [.. ExceptionRules.Traffic(request).Select(each => ExceptionCheck.To(path, each.Protocol, each.Port, request.EdgeTraversal))]
            : [];
        if (request.OpenTeredoPort)
            traffic.Add(ExceptionCheck.ToTeredo(_windows));
        return ExceptionCheck.OfAll(view, traffic, FirewallAdvice.ToAdd(request));
    }, cancellationToken);

    /// <summary>Whether strangers can reach a program through Teredo with at least one protocol and port.</summary>
    /// <param name="programPath">The full path of the program.</param>
    /// <param name="cancellationToken">Gives up at once.</param>
    /// <returns>The result; one that is not known where the firewall can't be read or does not answer.</returns>
    /// <exception cref="TeredoException">The file system does not answer (<see cref="TeredoError.FirewallUnavailable"/>).</exception>
    public async Task<FirewallExceptionCheck> CheckAsync(string programPath, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(programPath);
        var view = await FirewallView.ReadAsync(Firewall, _time, cancellationToken).ConfigureAwait(false);
        return await AskAsync(() => ExceptionCheck.OfAny(view, ApplicationRules.PathOf(_windows, programPath)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the SDK's own rules of one program. Rules of other programs stay, also where they have the same name.</summary>
    /// <param name="name">The application whose rules are removed.</param>
    /// <param name="programPath">The full path of its program, which need not exist any longer.</param>
    /// <param name="cancellationToken">Gives up at once. Completed steps stay, and a change that has begun may still be made.</param>
    /// <returns>The rules that were removed.</returns>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>); the firewall can't be read or does not answer
    /// (<see cref="TeredoError.FirewallUnavailable"/>); a rule that is not the SDK's own has the same name, so that the firewall can't tell the two apart (<see
    /// cref="TeredoError.InvalidFirewallRule"/>). In the last case nothing is removed.
    /// </exception>
    public async Task<IReadOnlyList<FirewallRule>> RemoveOwnedAsync(string name, string programPath, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(programPath);
        var (rules, own) = await AskAsync(() =>
        {
            var all = Firewall.ReadRules().Require();
            return (all, (FirewallRule[])[.. all.Where(new ApplicationRules(_windows, name, programPath, all).Owns)]);
        }, cancellationToken).ConfigureAwait(false);
        foreach (var rule in own)
            ExceptionPlan.RequireNoOther(rule.Name, rules);
        foreach (var rule in own)
            await ChangeAsync(FirewallAdvice.ToRemove(rule.Name, programPath), () => Firewall.Remove(rule.Name), cancellationToken).ConfigureAwait(false);
        return own;
    }

    async Task ApplyAsync(IReadOnlyList<FirewallChange> plan, FirewallExceptionRequest request, CancellationToken cancellationToken)
    {
        var fix = FirewallAdvice.ToAdd(request);
        foreach (var step in plan)
            await ChangeAsync(fix, () => ExceptionPlan.Apply(step, Firewall), cancellationToken).ConfigureAwait(false);
        foreach (var step in plan)
            await PatientCall.RunAsync(() => ExceptionPlan.VerifyAsync(step, Firewall, _time, cancellationToken), _time, cancellationToken,
                TeredoError.FirewallUnavailable).ConfigureAwait(false);
    }

    Task<T> AskAsync<T>(Func<T> call, CancellationToken cancellationToken) => PatientCall.ReadAsync(call, _time, cancellationToken);

    /// <summary>The exception for a change that needs an administrator.</summary>
    internal static TeredoException NeedsRights(Fix fix) => new(new Finding
    {
        Id = FindingIds.Of(TeredoError.AccessDenied),
        Severity = FindingSeverity.Error,
        Subject = "Windows Firewall",
        Problem = RightsNeeded,
        Fix = fix,
        Error = TeredoError.AccessDenied,
    });

    // One change for each call, so that no further one is made when the caller has given up.
    async Task ChangeAsync(Fix fix, Action change, CancellationToken cancellationToken)
    {
        try
        {
            await PatientCall.ChangeAsync(change, _time, cancellationToken, TeredoError.FirewallUnavailable).ConfigureAwait(false);
        }
        catch (TeredoException refused) when (refused.Error == TeredoError.AccessDenied)
        {
            var finding = refused.Finding with { Problem = RightsNeeded, Fix = fix };
            throw new TeredoException(finding, refused) { HResult = refused.HResult };
        }
    }
}
