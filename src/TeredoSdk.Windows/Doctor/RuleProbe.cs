using System.Diagnostics;

namespace TeredoSdk.Windows.Doctor;

/// <summary>Writes a rule, reads it back, and removes it, whatever happens. The rule is disabled, so that it opens nothing meanwhile.</summary>
sealed class RuleProbe(IWindowsSystem windows, TimeSpan patience)
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async Task<ProbeFact> RunAsync(CancellationToken cancellationToken)
    {
        var rule = new FirewallRule
        {
            Name = $"TeredoSdk probe {Guid.NewGuid():N}",
            Description = "Made by teredo doctor --probe, which removes it at once.",
            Grouping = FirewallExceptionRequest.OwnGrouping,
            ProgramPath = windows.ProgramPath,
            Protocol = FirewallProtocol.Udp,
            LocalPorts = "65534",
            EdgeTraversal = EdgeTraversal.DeferToApp,
            Enabled = false,
        };
        double? seenAfter = null;
        IReadOnlyList<string> differences = [];
        string? problem = null;
        try
        {
            windows.Firewall.Add(rule);
            (seenAfter, differences) = await SeeAsync(rule, cancellationToken).ConfigureAwait(false);
        }
        catch (TeredoException e)
        {
            problem = e.Message;
        }
        finally
        {
            problem = Remove(rule.Name) ?? problem;
        }
        return new(rule, problem, seenAfter, differences, windows.Firewall.ReadRule(rule.Name) is { IsKnown: true, Value: null });
    }

    // New rules may be seen only after a while (INetFwRule).
    async Task<(double? After, IReadOnlyList<string> Differences)> SeeAsync(FirewallRule rule, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (windows.Firewall.ReadRule(rule.Name).ValueOrDefault is { } seen)
                return (Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1), [.. RuleComparison.Differences(rule, seen)]);
            if (Stopwatch.GetElapsedTime(start) > patience)
                return (null, []);
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    string? Remove(string name)
    {
        try
        {
            if (windows.IsElevated)
                windows.Firewall.Remove(name);
            return null;
        }
        catch (TeredoException e)
        {
            return $"The rule '{name}' could not be removed; remove it in wf.msc. {e.Message}";
        }
    }
}
