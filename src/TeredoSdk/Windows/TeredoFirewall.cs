using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows;

/// <summary>
/// Firewall exceptions that let strangers reach a program through Teredo: planned, made without duplicates, verified, checked, and
/// removed again. Logic over an <see cref="IWindowsFirewall"/> of any generation, so that it runs on any system against a fake one.
/// </summary>
/// <remarks>
/// <see cref="Ensure"/> and <see cref="RemoveOwned"/> need an administrator, all else does not. Only rules of the group
/// <see cref="FirewallExceptionRequest.OwnGrouping"/> are ever changed (on XP-era firewalls, ports with the names of such rules).
/// Safe for any number of threads, but two that change rules at the same time may both add.
/// </remarks>
public sealed class TeredoFirewall
{
    readonly IWindowsSystem _windows;

    /// <summary>The firewall of this machine.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    public TeredoFirewall() : this(WindowsTeredo.RequireWindows())
    {
    }

    /// <summary>The firewall of another Windows.</summary>
    /// <param name="windows">The system.</param>
    [Experimental("TEREDO001")]
    public TeredoFirewall(IWindowsSystem windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        _windows = windows;
    }

    IWindowsFirewall Firewall => _windows.Firewall;

    /// <summary>
    /// The rules that a request stands for: one for each protocol or named port of the program, and that of the Teredo port where it is asked for.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    /// <exception cref="TeredoException">
    /// The name or a port is not valid (<see cref="TeredoError.InvalidFirewallRule"/>); the program is not a full path, does not exist or is
    /// dotnet.exe (<see cref="TeredoError.InvalidProgram"/>); the firewall can't express it (<see cref="TeredoError.NotSupported"/>).
    /// </exception>
    public IReadOnlyList<FirewallRule> WantedRules(FirewallExceptionRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestChecks.Check(request, _windows);
        // Where the generation is not known, the newest: what is too new for the system is refused when it is written.
        var generation = Firewall.Generation;
        return new ExceptionRules(_windows, generation.IsKnown ? generation.Value : FirewallGeneration.Windows8).Of(request);
    }

    /// <summary>
    /// What <see cref="Ensure"/> would do: one step for each wanted rule, then one for each of the SDK's own rules of this application's name that
    /// the request does not stand for (any longer). Changes nothing.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    /// <exception cref="TeredoException">
    /// As of <see cref="WantedRules"/>; somebody else's rule has such a name (<see cref="TeredoError.InvalidFirewallRule"/>); the firewall
    /// can't be asked (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    public IReadOnlyList<FirewallChange> Plan(FirewallExceptionRequest request)
    {
        var wanted = WantedRules(request);
        return ExceptionPlan.Of(request, wanted, RuleStore.Of(Firewall).Require());
    }

    /// <summary>
    /// Makes the rules that are wanted, removes those of an earlier request of the same name that this one does not stand for (one without a program
    /// leaves the program's rules alone), reads all that back, and checks whether the rules are in force. A second run changes nothing. Nothing
    /// remembers what was there before: <see cref="Setup.TeredoSetup"/> does.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    /// <returns>What <see cref="Check(FirewallExceptionRequest)"/> finds afterwards: the rules stand, but something else may override them.</returns>
    /// <exception cref="TeredoException">
    /// As of <see cref="Plan"/>; rights are missing (<see cref="TeredoError.AccessDenied"/>, with the command that does it); a rule reads back
    /// otherwise (<see cref="TeredoError.SetupFailed"/>). Steps that were done stay; the next run goes on from there.
    /// </exception>
    public FirewallExceptionCheck Ensure(FirewallExceptionRequest request)
    {
        Apply(Plan(request), request);
        return Check(request);
    }

    /// <summary>
    /// Makes only the rules that are missing, and changes those of a program that is gone, such as one that was moved since. All others are an
    /// installer's or a person's choice: a program that asks for itself does not know better.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    /// <exception cref="TeredoException">As of <see cref="Ensure"/>.</exception>
    internal void AddMissing(FirewallExceptionRequest request) => Apply(
        [.. Plan(request).Where(step => step.Kind == FirewallChangeKind.Add || (step.Kind == FirewallChangeKind.Update && IsOfGoneProgram(step)))],
        request);

    /// <summary>Whether what the request asks for gets in now, by whose rules ever, with all that may override them.</summary>
    /// <param name="request">What is asked for; that it is valid is not checked.</param>
    public FirewallExceptionCheck Check(FirewallExceptionRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        List<Traffic> traffic = request.ProgramPath is { } path
            ? [.. ExceptionRules.Traffic(request).Select(each => ExceptionCheck.To(path, each.Protocol, each.Port, request.EdgeTraversal))]
            : [];
        if (request.OpenTeredoPort)
            traffic.Add(ExceptionCheck.ToTeredo(_windows));
        return ExceptionCheck.OfAll(Firewall, traffic, SetupCommandLine.Advice(request));
    }

    /// <summary>Whether strangers reach a program through Teredo by at least one protocol and port.</summary>
    /// <param name="programPath">The full path of the program.</param>
    public FirewallExceptionCheck Check(string programPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(programPath);
        return ExceptionCheck.OfAny(Firewall, programPath);
    }

    /// <summary>Removes the SDK's own rules.</summary>
    /// <param name="name">The application of the requests whose rules go; null for all applications.</param>
    /// <returns>The rules that are gone.</returns>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>); the firewall can't be asked (<see cref="TeredoError.FirewallUnavailable"/>);
    /// somebody else's rule has the same name, so that the firewall can't tell them apart
    /// (<see cref="TeredoError.InvalidFirewallRule"/>): nothing is removed then.
    /// </exception>
    public IReadOnlyList<FirewallRule> RemoveOwned(string? name = null)
    {
        var store = RuleStore.Of(Firewall);
        var rules = store.Require();
        FirewallRule[] own = [.. rules.Where(rule => ExceptionRules.IsOwn(rule, name))];
        foreach (var rule in own)
            ExceptionPlan.RequireNoOther(rule.Name, rules);
        foreach (var rule in own)
            WithRights(SetupCommandLine.RemovalAdvice(rule, name), () => store.Remove(rule));
        return own;
    }

    /// <summary>The rules that let a tunnel's traffic in, whoever made them: enabled, inbound, allowing; or why they can't be read.</summary>
    [Experimental("TEREDO001")]
    public Reading<IReadOnlyList<FirewallRule>> RulesWithEdgeTraversal()
    {
        var rules = Firewall.ReadRules();
        return rules.IsKnown ? Reading.Of<IReadOnlyList<FirewallRule>>([.. rules.Value.Where(FirewallExceptions.LetsTunnelsIn)]) : rules;
    }

    void Apply(IReadOnlyList<FirewallChange> plan, FirewallExceptionRequest request)
    {
        var store = RuleStore.Of(Firewall);
        WithRights(SetupCommandLine.Advice(request), () =>
        {
            foreach (var step in plan)
                ExceptionPlan.Apply(step, store);
        });
        ExceptionPlan.Verify(plan, store.Require());
    }

    bool IsOfGoneProgram(FirewallChange step) =>
        step.Previous?.ProgramPath is { } program && !_windows.FileExists(RuleComparison.Expand(program));

    static void WithRights(string advice, Action change)
    {
        try
        {
            change();
        }
        catch (TeredoException refused) when (refused.Error == TeredoError.AccessDenied)
        {
            throw new TeredoException(TeredoError.AccessDenied, $"Changing the firewall needs an administrator's rights: {advice}.", refused)
            {
                HResult = refused.HResult,
            };
        }
    }
}
