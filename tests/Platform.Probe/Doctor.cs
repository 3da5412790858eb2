using System.Net;
using TeredoSdk.Doctor;
using TeredoSdk.Doctor.Linux;

namespace TeredoSdk.Platform.Probe;

/// <summary>Asks a doctor's questions of this machine, and prints the findings' ids with their evidence.</summary>
static class Doctor
{
    /// <param name="server">The Teredo server's address.</param>
    /// <param name="servicePort">The port at which this machine serves, or -.</param>
    public static async Task<int> RunAsync(string server, string servicePort)
    {
        if (!OperatingSystem.IsLinux())
            return 2;
        var probes = new LinuxProbes([IPAddress.Parse(server)], int.TryParse(servicePort, null, out int port) ? port : null).OfNetwork;
        foreach (var finding in await Probes.AskAsync(probes, null, TimeProvider.System, default))
        {
            Console.WriteLine($"found {finding.Id}");
            Console.Error.WriteLine($"{finding.Severity}: {finding.Subject}: {finding.Sentence} [{string.Join("; ", finding.Evidence)}] {finding.Fix?.Command}");
        }
        Console.WriteLine("asked");
        return 0;
    }
}
