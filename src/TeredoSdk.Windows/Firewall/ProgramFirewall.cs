using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// Manages the firewall exception of this program. When it may, it adds the exception before the first opted-in socket opens. Safe for any number of
/// threads.
/// </summary>
sealed class ProgramFirewall(IWindowsSystem windows, bool register, ILogger log)
{
    readonly Lock _gate = new();
    readonly TeredoFirewall _firewall = new(windows);
    volatile Refusal? _refusal; // why the exception could not be made for the first opted-in socket
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
            if (TryEnsure().Finding is { } finding)
                Log.FirewallExceptionMissing(log, finding.Sentence);
            return true;
        }
    }

    /// <summary>
    /// Checks whether the exception is in force. While the state is as it was after a failed attempt to add it, the result says why. Changes
    /// nothing.
    /// </summary>
    public FirewallExceptionCheck Check()
    {
        var found = Find();
        return _refusal is { } refusal && refusal.Id == found.Finding?.Id ? found with { Finding = refusal.Finding } : found;
    }

    FirewallExceptionCheck Find() => windows.ProgramPath is { } program ? _firewall.Check(program)
        : new() { LetsIn = null, Finding = FirewallFindings.ProgramNotKnown() };

    FirewallExceptionCheck TryEnsure()
    {
        var found = Find();
        if (!register || windows.ProgramPath is not { } program || found.Finding is null)
            return found;
        try
        {
            _firewall.AddMissing(new() { Name = NameOf(program), ProgramPath = program });
        }
        catch (TeredoException e)
        {
            _refusal = new(Find().Finding?.Id, e.Finding);
        }
        return Check();
    }

    // What was found when the exception could not be made, and why it could not.
    sealed record Refusal(string? Id, Finding Finding);

    // The file's name. The path is a Windows path, also in tests on other systems.
    static string NameOf(string program) => Path.GetFileNameWithoutExtension(program[(program.LastIndexOf('\\') + 1)..]);
}
