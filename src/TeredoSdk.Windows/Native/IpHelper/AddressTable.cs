using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>The IPv6 addresses of this machine, through .NET's own GetAdaptersAddresses. Reading the table does not wake Teredo.</summary>
static class AddressTable
{
    public static Reading<IReadOnlyList<WindowsAddress>> Read()
    {
        try
        {
            List<WindowsAddress> addresses = [];
            foreach (var networkInterface in NetworkInterface.GetAllNetworkInterfaces())
                if (networkInterface.OperationalStatus == OperationalStatus.Up)
                    Add(addresses, networkInterface);
            return Reading.Of<IReadOnlyList<WindowsAddress>>(addresses);
        }
        catch (NetworkInformationException e)
        {
            return Reading.Unknown<IReadOnlyList<WindowsAddress>>(
                NativeCall.Failed("GetAdaptersAddresses", e.ErrorCode, "the addresses of this machine are not known"));
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
