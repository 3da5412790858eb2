using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>Reads the network interfaces. They may come and go meanwhile, and a sandbox may forbid it: neither may throw at the caller.</summary>
static class NetworkInterfaces
{
    const int Attempts = 4;

    /// <param name="read">Reads what is wanted. It is called anew when an interface vanished under it.</param>
    /// <param name="log">The log, for failures.</param>
    /// <returns>Null when the interfaces can't be listed.</returns>
    public static T? Read<T>(Func<IEnumerable<NetworkInterface>, T> read, ILogger log) where T : class
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return read(NetworkInterface.GetAllNetworkInterfaces());
            }
            catch (Exception e) // whatever it is: the runtime throws ArgumentException, too, when an address vanishes while it reads
            {
                if (attempt < Attempts)
                    continue;
                Log.InterfacesUnknown(log, e.Message);
                return null;
            }
        }
    }
}
