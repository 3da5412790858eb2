using System.ComponentModel;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>
/// Watches this machine's network: over a netlink socket on Linux, by the runtime's events elsewhere, and by a timer where neither works.
/// </summary>
static class NetworkWatch
{
    static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(10);

    /// <param name="changed">Is called when addresses or routes may have changed, on any thread.</param>
    /// <param name="log">The log.</param>
    /// <param name="problem">Why changes are noticed late, as a sentence; null when they are noticed at once.</param>
    /// <returns>Ends the watch when it is disposed.</returns>
    public static IDisposable Open(Action changed, ILogger log, out string? problem) => Open(
        () => OperatingSystem.IsLinux() ? new RouteListener(changed, log) : new RuntimeEvents(changed), changed, TimeProvider.System, log, out problem);

    internal static IDisposable Open(Func<IDisposable> listen, Action changed, TimeProvider time, ILogger log, out string? problem)
    {
        problem = null;
        try
        {
            return listen();
        }
        catch (Exception e) when (e is Win32Exception or NetworkInformationException or SocketException)
        {
            string late = $"so it looks for them every {PollInterval.TotalSeconds} s";
            problem = OperatingSystem.IsLinux()
                ? $"This process may not listen to changes of the network ({e.Message}), {late}: let the sandbox allow netlink sockets (with systemd: "
                    + "AF_NETLINK in RestrictAddressFamilies); if the limit on open files is reached, raise it (ulimit -n)."
                : $"This process is not told of changes of the network ({e.Message}), {late}.";
            Log.NotWatching(log, problem);
            return time.CreateTimer(_ => Look(changed, log), null, PollInterval, PollInterval);
        }
    }

    static void Look(Action changed, ILogger log)
    {
        try
        {
            changed();
        }
        catch (Exception e) // a defect of ours must not end the process
        {
            Log.EngineFault(log, e);
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
