using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine;

/// <summary>The outside parts that an engine uses. A test or the simulated internet hands in parts of its own.</summary>
/// <param name="Network">The machine's IPv4 network.</param>
/// <param name="Random">The source of nonces, flags and ports.</param>
/// <param name="PortMapper">Asks the gateway for port mappings; null where there is no gateway to ask.</param>
/// <param name="Datapath">The highest rung of the datapath that is used.</param>
sealed record EngineParts(IHostNetwork Network, IRandomSource Random, IPortMapper? PortMapper = null, TeredoDatapath Datapath = TeredoDatapath.Auto)
{
    /// <summary>Where code goes on that waited for the engine.</summary>
    public Wakeups Wakeups { get; init; } = Wakeups.OnPool;

    /// <summary>Whether a device hands over and takes long packets, which stand for many.</summary>
    public bool HasOffload => Datapath <= TeredoDatapath.Offload;

    /// <summary>The parts of a real machine.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="gateway">The gateway to ask for port mappings; null for the default route's next hop.</param>
    /// <param name="datapath">The highest rung of the datapath that is used.</param>
    /// <param name="log">The log.</param>
    public static EngineParts OfThisMachine(TimeProvider time, IPv4Address? gateway, TeredoDatapath datapath, ILogger log) => new(
        new SystemNetwork(log, datapath),
        SystemRandom.Instance,
        new GatewayPortMapper(local => GatewayRoute.Find(local, gateway, log), StateDirectory.Find() is { } notes ? new(notes, log) : null, time, log), datapath);
}
