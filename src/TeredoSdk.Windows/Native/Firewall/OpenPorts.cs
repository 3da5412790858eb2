using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Com;
using TeredoSdk.Windows.Native.NetFwTypeLib;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>The XP-era interface to the firewall: the current profile and its globally open ports. Used only on the COM thread.</summary>
[SupportedOSPlatform("windows")]
static class OpenPorts
{
    public static IReadOnlyList<OpenPort> Read() =>
        [.. ComCollection.Read<INetFwOpenPort>(CurrentProfile().GetGloballyOpenPorts().GetNewEnum()).Select(Read)];

    // The address version and the scope keep their defaults: any version, from anywhere.
    public static void Add(OpenPort port)
    {
        var created = ComActivation.Create<INetFwOpenPort>(FirewallClasses.NetFwOpenPort);
        created.SetName(port.Name);
        created.SetProtocol((NET_FW_IP_PROTOCOL_)port.Protocol);
        created.SetPort(port.Port);
        created.SetEnabled(port.Enabled);
        CurrentProfile().GetGloballyOpenPorts().Add(created);
    }

    public static void Remove(int port, FirewallProtocol protocol)
    {
        var ports = CurrentProfile().GetGloballyOpenPorts();
        if (ComCollection.Read<INetFwOpenPort>(ports.GetNewEnum()).Select(Read).Any(each => each.Port == port && each.Protocol == protocol))
            ports.Remove(port, (NET_FW_IP_PROTOCOL_)protocol);
    }

    static INetFwProfile CurrentProfile() => ComActivation.Create<INetFwMgr>(FirewallClasses.NetFwMgr).GetLocalPolicy().GetCurrentProfile();

    static OpenPort Read(INetFwOpenPort port) => new()
    {
        Name = port.GetName() ?? "",
        Port = port.GetPort(),
        Protocol = (FirewallProtocol)port.GetProtocol(),
        Enabled = port.GetEnabled(),
    };
}
