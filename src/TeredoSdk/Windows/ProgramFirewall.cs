using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Windows;

/// <summary>
/// The firewall exception of this program: made, where it may be, before the first opted-in socket opens. Safe for any number of threads.
/// </summary>
sealed class ProgramFirewall(IWindowsSystem windows, bool register, ILogger log)
{
    readonly Lock _gate = new();
    readonly TeredoFirewall _firewall = new(windows);
    volatile FirewallExceptionCheck? _problem; // of the first opted-in socket
    bool _ensured;

    /// <summary>Makes the exception, if it is to. Failing that the socket opens all the same: the report says why nobody gets in.</summary>
    /// <returns>Whether it was looked for now: false from the second call on.</returns>
    public bool Ensure()
    {
        lock (_gate)
        {
            if (_ensured)
                return false;
            _ensured = true;
            var found = TryEnsure();
            if (found.State == FirewallExceptionState.InForce)
                return true;
            _problem = found;
            Log.FirewallExceptionMissing(log, found.Problem ?? $"{found.State}");
            return true;
        }
    }

    /// <summary>Whether it is in force now, and if not, what kept it from being made, as long as that is how it stands. Only reads.</summary>
    public FirewallExceptionCheck Check()
    {
        if (windows.ProgramPath is not { } program)
            return new()
            {
                State = FirewallExceptionState.NotKnown,
                Error = TeredoError.InvalidProgram,
                Problem = "The system does not tell the path of this program, so no rule can be found for it.",
            };
        var found = _firewall.Check(program);
        return _problem is { } problem && problem.State == found.State ? found with { Error = problem.Error, Problem = problem.Problem } : found;
    }

    FirewallExceptionCheck TryEnsure()
    {
        try
        {
            var found = Check();
            if (!register || windows.ProgramPath is not { } program || found.State == FirewallExceptionState.InForce)
                return found;
            _firewall.AddMissing(new() { Name = NameOf(program), ProgramPath = program });
            return _firewall.Check(program);
        }
        catch (TeredoException e)
        {
            return Check() with { Error = e.Error, Problem = e.Message };
        }
    }

    // The file's name, on any system that a test runs on.
    static string NameOf(string program) => Path.GetFileNameWithoutExtension(program[(program.LastIndexOf('\\') + 1)..]);
}
