using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine;

/// <summary>The outside parts that an engine uses. A test or the simulated internet hands in parts of its own.</summary>
/// <param name="Network">The machine's IPv4 network.</param>
/// <param name="Random">The source of nonces, flags and ports.</param>
/// <param name="PortMapper">Asks the gateway for port mappings; null where there is no gateway to ask.</param>
sealed record EngineParts(IHostNetwork Network, IRandomSource Random, IPortMapper? PortMapper = null)
{
    /// <summary>The parts of a real machine.</summary>
    public static EngineParts OfThisMachine(TimeProvider time, ILogger log) => new(new SystemNetwork(log), CryptographicRandom.Instance,
        new GatewayPortMapper(local => GatewayRoute.Find(local, log), time, log));
}
