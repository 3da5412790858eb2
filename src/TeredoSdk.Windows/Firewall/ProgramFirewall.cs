using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// Manages the firewall exception of this program. When it may, it adds the exception before the first opted-in socket opens. Safe for any number of
/// threads.
/// </summary>
sealed class ProgramFirewall(IWindowsSystem windows, bool register, ILogger log)
{
    readonly Lock _gate = new();
    readonly TeredoFirewall _firewall = new(windows);
    volatile FirewallExceptionCheck? _problem; // the problem found for the first opted-in socket
    bool _ensured;

    /// <summary>
    /// Adds the exception when the options allow it. The socket opens even if that fails; the report then says why no stranger gets in.
    /// </summary>
    /// <returns>Whether this call looked for the exception: false from the second call on.</returns>
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

    /// <summary>
    /// Checks whether the exception is in force. While the state is as it was after a failed attempt to add it, the result says why. Changes
    /// nothing.
    /// </summary>
    public FirewallExceptionCheck Check()
    {
        if (windows.ProgramPath is not { } program)
            return new()
            {
                State = FirewallExceptionState.NotKnown,
                Error = TeredoError.InvalidProgram,
                Problem = "The system does not tell the path of this program, so the program's rules can't be found.",
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

    // The file's name. The path is a Windows path, also in tests on other systems.
    static string NameOf(string program) => Path.GetFileNameWithoutExtension(program[(program.LastIndexOf('\\') + 1)..]);
}
