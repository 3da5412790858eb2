using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>The IPv6 addresses of this machine, through .NET's own GetAdaptersAddresses. Reading the table does not wake Teredo.</summary>
static class AddressTable
{
    public static Reading<IReadOnlyList<WindowsAddress>> Read() => Ask("the addresses of this machine are not known", interfaces =>
    {
        List<WindowsAddress> addresses = [];
        foreach (var networkInterface in interfaces)
            if (networkInterface.OperationalStatus == OperationalStatus.Up)
                Add(addresses, networkInterface);
        return addresses;
    });

    /// <summary>The network adapters of this machine, also those that are down.</summary>
    public static Reading<IReadOnlyList<WindowsAdapter>> ReadAdapters() => Ask("the network adapters of this machine are not known", interfaces =>
        interfaces.Select(each => new WindowsAdapter
        {
            Name = each.Name,
            Description = each.Description,
            IsUp = each.OperationalStatus == OperationalStatus.Up,
        }));

    static Reading<IReadOnlyList<T>> Ask<T>(string meaning, Func<NetworkInterface[], IEnumerable<T>> read)
    {
        try
        {
            return Reading.Of<IReadOnlyList<T>>([.. read(NetworkInterface.GetAllNetworkInterfaces())]);
        }
        catch (NetworkInformationException e)
        {
            return Reading.Unknown<IReadOnlyList<T>>(NativeCall.Failed("GetAdaptersAddresses", e.ErrorCode, meaning));
        }
    }

    static void Add(List<WindowsAddress> addresses, NetworkInterface networkInterface)
    {
        try
        {
            var properties = networkInterface.GetIPProperties();
            var ipv6 = properties.GetIPv6Properties();
            bool isTunnel = networkInterface.NetworkInterfaceType == NetworkInterfaceType.Tunnel;
            foreach (var unicast in properties.UnicastAddresses)
                if (unicast.Address.AddressFamily == AddressFamily.InterNetworkV6)
                    addresses.Add(new()
                    {
                        Address = unicast.Address,
                        InterfaceName = networkInterface.Name,
                        InterfaceIndex = ipv6.Index,
                        DadState = OperatingSystem.IsWindows() ? unicast.DuplicateAddressDetectionState : null,
                        IsTunnel = isTunnel,
                        MtuOctets = Math.Max(ipv6.Mtu, 0),
                    });
        }
        catch (NetworkInformationException)
        {
            // The interface has no IPv6, or has just been removed.
        }
    }
}
