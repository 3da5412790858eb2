using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;

namespace TeredoSdk.Engine;

/// <summary>What a device adds to the datapath: whether it hands over and takes long packets, and how many packets were lost at it.</summary>
readonly record struct DeviceFacts(bool HasOffload, string? Problem, long Lost);

/// <summary>Describes for a report how packets are moved.</summary>
static class DatapathFacts
{
    static readonly string? Kernel = OperatingSystem.IsLinux() ? LinuxProblems.Switch("kernel/osrelease") : null;

    /// <param name="transport">The facts of the UDP socket.</param>
    /// <param name="device">Those of the device; null where there is none.</param>
    public static TeredoDatapathReport Describe(in TransportFacts transport, DeviceFacts? device = null) => new()
    {
        Way = device is { HasOffload: true } && transport.Way == TeredoDatapath.Segments ? TeredoDatapath.Offload : transport.Way,
        Reasons = [.. new[] { transport.Problem, device?.Problem }.OfType<string>()],
        LostDatagrams = transport.Lost,
        LostPackets = device?.Lost ?? 0,
        Kernel = Kernel,
    };
}
