using System.ComponentModel;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>Watches this machine's network: over a netlink socket on Linux, by the runtime's events elsewhere.</summary>
static class NetworkWatch
{
    /// <param name="changed">Is called when addresses or routes may have changed, on any thread.</param>
    /// <param name="log">The log.</param>
    /// <param name="problem">Why changes can't be noticed, as a sentence; null when they are.</param>
    /// <returns>Ends the watch when it is disposed; null when there is none.</returns>
    public static IDisposable? Open(Action changed, ILogger log, out string? problem)
    {
        problem = null;
        try
        {
            return OperatingSystem.IsLinux() ? new RouteListener(changed, log) : new RuntimeEvents(changed);
        }
        catch (Exception e) when (e is Win32Exception or NetworkInformationException or SocketException)
        {
            problem = OperatingSystem.IsLinux()
                ? $"This process may not listen for changes of the network ({e.Message}), so it notices them later, when no answer comes: let the sandbox "
                    + "allow netlink sockets (with systemd: AF_NETLINK in RestrictAddressFamilies), and raise the limit on open files (ulimit -n) if it is reached."
                : $"The system does not tell changes of the network ({e.Message}), so they are noticed later, when no answer comes.";
            Log.NotWatching(log, problem);
            return null;
        }
    }

    sealed class RuntimeEvents : IDisposable
    {
        readonly NetworkAddressChangedEventHandler _addresses;

        public RuntimeEvents(Action changed)
        {
            _addresses = (_, _) => changed();
            NetworkChange.NetworkAddressChanged += _addresses;
        }

        public void Dispose() => NetworkChange.NetworkAddressChanged -= _addresses;
    }
}
