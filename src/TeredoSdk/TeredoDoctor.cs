using TeredoSdk.Doctor;

namespace TeredoSdk;

/// <summary>Looks for what keeps Teredo from working on this machine. Safe for any number of threads.</summary>
/// <remarks>
/// It reads the switches, services and firewalls of the machine, asks every server at both of its addresses, and starts a node as the options say. It
/// changes nothing of the machine; what it makes is gone afterwards.
/// </remarks>
public static class TeredoDoctor
{
    /// <summary>Looks, for 15 s at most. What has no answer by then is a finding (<see cref="FindingIds.DoctorNotChecked"/>).</summary>
    /// <param name="options">What to look at; null for a node with the usual settings. The call copies the settings of the node.</param>
    /// <param name="progress">Is told the name of each question that is answered, or null.</param>
    /// <param name="cancellationToken">Gives up at once; what was begun ends behind the caller's back.</param>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static Task<TeredoDiagnosis> RunAsync(TeredoDoctorOptions? options = null, IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new();
        options.Validate();
        var node = options.Node.Snapshot();
        var parts = TeredoNode.PartsFor(node);
        bool isWindows = node.Windows is not null; // a fake one: then this machine is not what is looked at
        var providers = TeredoNode.ProvidersFor(node, parts);
        return new Examination(options, node, parts.Network, providers, MachineProbes.Of(node, options.ProgramPath, !isWindows)).RunAsync(progress, cancellationToken);
    }
}
