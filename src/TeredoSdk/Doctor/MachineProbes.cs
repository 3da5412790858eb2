using TeredoSdk.Doctor.Linux;

namespace TeredoSdk.Doctor;

/// <summary>The questions for this machine's own system, apart from Windows, whose report has everything.</summary>
static class MachineProbes
{
    /// <param name="node">The settings of the node.</param>
    /// <param name="programPath">The program to judge, or null.</param>
    /// <param name="isThisMachine">Whether the machine is this one, and no fake.</param>
    public static IReadOnlyList<Probe> Of(TeredoOptions node, string? programPath, bool isThisMachine)
    {
        List<Probe> probes = [];
        if (isThisMachine && OperatingSystem.IsLinux())
        {
            var literals = node.Servers.Select(text => ServerName.TryParse(text, out var name) ? name.Literal : null);
            if (node.Sockets != TeredoSockets.InProcess)
                probes.AddRange(LinuxProbes.OfPrivateNetwork);
            probes.AddRange(new LinuxProbes([.. literals.OfType<Protocol.Client.TeredoServerAddress>().Select(server => server.Primary.ToIPAddress())], null).OfNetwork);
        }
        if (programPath is not null && node.Windows is null && !OperatingSystem.IsWindows())
            probes.Add(new($"the program {programPath}", _ => throw new NotSupportedException("Firewalls of this system judge ports, not programs.")));
        return probes;
    }
}
