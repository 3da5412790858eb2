using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Doctor.Linux;

/// <summary>What a doctor asks a Linux machine about. Nothing is changed, and what is made for a question is gone after it.</summary>
/// <param name="servers">The IPv4 addresses of the Teredo servers that are used; may be empty.</param>
/// <param name="servicePort">The UDP port at which this machine serves strangers, as a server or relay does; null when it only is a client.</param>
[SupportedOSPlatform("linux")]
sealed class LinuxProbes(IReadOnlyList<IPAddress> servers, int? servicePort)
{
    const string TunPath = "/dev/net/tun", IPv6Settings = "/proc/sys/net/ipv6";
    const int MostOctets = 1280 + 20 + 8; // RFC 4380 §5.1.2: the MTU inside; the headers of IPv4 and UDP
    static readonly string[] IPv6Switches = ["net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/default/disable_ipv6"];
    static readonly IPAddress SomewhereOnIPv6 = IPAddress.Parse("2000::1"), SomewhereOnIPv4 = IPAddress.Parse("192.88.99.1"); // nothing is sent there

    readonly LinuxFirewallProbe _firewall = new(servers, servicePort, LinuxMachine.Current);

    /// <summary>What a private network for kernel sockets needs; its answers explain others.</summary>
    public static IReadOnlyList<Probe> OfPrivateNetwork =>
    [
        new("the device /dev/net/tun", _ => Answer(AskTun())),
        new("user namespaces", _ => Answer(AskNamespaces())),
        new("IPv6 of the machine", _ => Answer(AskIPv6Switches())),
    ];

    /// <summary>The other questions.</summary>
    public IReadOnlyList<Probe> OfNetwork =>
    [
        new("firewalls", _firewall.AskAsync),
        new("other Teredo interfaces", _ => Answer(AskOtherTeredo())),
        new("native IPv6", _ => Answer(AskNativeIPv6())),
        new("the MTU", _ => Answer(AskMtu())),
    ];

    static Task<IReadOnlyList<Finding>> Answer(Finding? finding) => Task.FromResult<IReadOnlyList<Finding>>(finding is null ? [] : [finding]);

    static Finding? AskTun()
    {
        using var tun = Libc.Open(TunPath, TunDevice.OpenFlags);
        return tun.IsInvalid ? LinuxProblems.FindingOfTunFile(Marshal.GetLastPInvokeError(), TunPath) : null;
    }

    // Only an attempt tells: switches, modules of security and filters all have a say.
    static Finding? AskNamespaces()
    {
        try
        {
            var (user, network) = NamespaceMaker.Make();
            user.Dispose();
            network.Dispose();
            return null;
        }
        catch (TeredoException e) when (e.InnerException is Win32Exception { NativeErrorCode: var errno })
        {
            return LinuxProblems.FindingOfNamespaces(errno, LinuxProblems.Switch);
        }
    }

    static Finding? AskIPv6Switches()
    {
        if (!Directory.Exists(IPv6Settings))
            return LinuxProblems.FindingOfKernelWithoutIPv6([$"There is no {IPv6Settings}."]);
        return IPv6Switches.Any(name => LinuxProblems.Switch(name) == "1")
            ? LinuxProblems.FindingOfNoIPv6([.. IPv6Switches.Select(name => $"/proc/sys/{name}: {LinuxProblems.Switch(name)}")]) : null;
    }

    static Finding? AskOtherTeredo()
    {
        var found = new SystemInterfaces(NullLogger.Instance).List().Where(one => one.Address.IsTeredo).ToArray();
        return found.Length == 0 ? null : new()
        {
            Id = FindingIds.LinuxOtherTeredoInterface,
            Severity = FindingSeverity.Warning,
            Subject = found[0].Name,
            Problem = $"The interface {found[0].Name} of this machine has a Teredo address already, so another Teredo client runs here. Two of them for the whole "
                + "machine dispute the route to 2001::/32.",
            Evidence = [.. found.Select(one => $"{one.Name} has {one.Address}"), .. Processes("miredo").Select(id => $"The process {id} is miredo.")],
            Fix = new()
            {
                Sentence = "End the other one before you start `teredo client`; or let applications use its interface with the provider Interface.",
                NeedsAdministrator = true,
            },
        };
    }

    static IEnumerable<int> Processes(string name)
    {
        foreach (var process in System.Diagnostics.Process.GetProcessesByName(name))
        {
            using (process)
                yield return process.Id;
        }
    }

    static Finding? AskNativeIPv6()
    {
        var source = new SystemInterfaces(NullLogger.Instance).FindSource(SomewhereOnIPv6);
        if (source is null || (source.GetAddressBytes()[0] & 0xe0) != 0x20 || source.IsIPv6Teredo)
            return null; // not of 2000::/3
        return new()
        {
            Id = FindingIds.NetworkNativeIPv6,
            Severity = FindingSeverity.Note,
            Subject = $"{source}",
            Problem = "This machine has native IPv6, so programs reach IPv6 hosts without Teredo. `teredo client` becomes a relay then (RFC 4380 §5.5).",
            Evidence = [$"The system would send from {source} to {SomewhereOnIPv6}."],
        };
    }

    Finding? AskMtu()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(servers is [var server, ..] ? server : SomewhereOnIPv4, TeredoPorts.Server); // sends nothing
        }
        catch (SocketException)
        {
            return null; // no route: what asks for a server says so
        }
        var local = ((IPEndPoint)socket.LocalEndPoint!).Address;
        var link = NetworkInterfaces.Read(all => all.Where(one => Has(one, local)).Select(one => new Link(one.Name, one.GetIPProperties().GetIPv4Properties().Mtu))
            .ToArray(), NullLogger.Instance)?.FirstOrDefault();
        return link is null || link.Octets >= MostOctets ? null : new()
        {
            Id = FindingIds.NetworkSmallMtu,
            Severity = FindingSeverity.Warning,
            Subject = link.Name,
            Problem = $"The interface {link.Name}, over which Teredo goes, takes packets of {link.Octets} octets at most. Packets of Teredo have up to "
                + $"{MostOctets}: they are sent in fragments, which NATs and firewalls often drop.",
            Evidence = [$"The MTU of {link.Name}, which has {local}: {link.Octets}"],
            Fix = new()
            {
                Sentence = $"Raise it, if what is behind it takes more: ip link set dev {link.Name} mtu 1500.",
                Command = $"ip link set dev {link.Name} mtu 1500",
                NeedsAdministrator = true,
            },
        };
    }

    sealed record Link(string Name, int Octets);

    static bool Has(NetworkInterface one, IPAddress local) => one.GetIPProperties().UnicastAddresses.Any(address => address.Address.Equals(local));
}
