using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Configures interfaces of the network that a netlink socket belongs to.</summary>
/// <remarks>Every method fails with <see cref="Win32Exception"/>, which carries the errno.</remarks>
[SupportedOSPlatform("linux")]
sealed unsafe class InterfaceControl(SafeFileHandle socket) : IDisposable
{
    /// <summary>Describes the socket that the constructor needs.</summary>
    public static NamespaceBroker.DescriptorRequest Socket => new(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_ROUTE);

    const int MaxAnswerOctets = 1024;
    static readonly TimeSpan LocalRouteTimeout = TimeSpan.FromSeconds(5);

    readonly Lock _changing = new(); // held from a request to its answer

    /// <summary>Configures the network that this process is in.</summary>
    public static InterfaceControl OfHost() => new(Netlink.Open());

    /// <summary>Turns an open TUN descriptor into a device. The flags are those of TUNSETIFF beside the usual ones.</summary>
    /// <returns>The device's name: the wanted name, with <c>%d</c> replaced by a number.</returns>
    public static string AttachTun(SafeFileHandle tun, string name, short flags)
    {
        var request = Request(name);
        request.Flags = (short)(Libc.IFF_TUN | Libc.IFF_NO_PI | flags);
        Call(tun, Libc.TUNSETIFF, &request);
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(request.Name));
    }

    public int IndexOf(string name)
    {
        var request = Request(name);
        Call(socket, Libc.SIOCGIFINDEX, &request);
        return request.Index;
    }

    public void SetMtu(string name, int mtu)
    {
        var request = Request(name);
        request.Mtu = mtu;
        Call(socket, Libc.SIOCSIFMTU, &request);
    }

    public void BringUp(string name)
    {
        var request = Request(name);
        Call(socket, Libc.SIOCGIFFLAGS, &request);
        request.Flags |= Libc.IFF_UP;
        Call(socket, Libc.SIOCSIFFLAGS, &request);
    }

    /// <summary>Sets how many packets wait in a device until they are read. The ioctl for it is not allowed in a user namespace.</summary>
    public void SetQueue(int index, int packets) => Change(Libc.RTM_SETLINK, 0, QueueMessage(index, packets));

    /// <summary>Adds an address and waits until packets to it come in. There is no duplicate address detection.</summary>
    public void AddAddress(int index, IPAddress address, int prefixLength)
    {
        Change(Libc.RTM_NEWADDR, Libc.NLM_F_CREATE | Libc.NLM_F_EXCL, AddressMessage(index, address, prefixLength));
        // The kernel takes packets in only once the local route exists. It makes that route a little later, on a thread of its own.
        var waiting = Stopwatch.StartNew();
        while (!IsLocal(address))
        {
            if (waiting.Elapsed > LocalRouteTimeout)
                throw new Win32Exception(Libc.ETIMEDOUT);
            Thread.Sleep(1);
        }
    }

    public void RemoveAddress(int index, IPAddress address, int prefixLength) =>
        Change(Libc.RTM_DELADDR, 0, AddressMessage(index, address, prefixLength));

    /// <param name="index">The device that packets go to.</param>
    /// <param name="prefix">The destinations.</param>
    /// <param name="length">0 to 128 bits.</param>
    /// <param name="metric">Of two routes, the one with the lower metric is used; 0 means the kernel's default, 1024.</param>
    public void AddRoute(int index, IPAddress prefix, int length, uint metric) =>
        Change(Libc.RTM_NEWROUTE, Libc.NLM_F_CREATE | Libc.NLM_F_EXCL, RouteMessage(index, prefix, length, metric));

    public void RemoveRoute(int index, IPAddress prefix, int length, uint metric) =>
        Change(Libc.RTM_DELROUTE, 0, RouteMessage(index, prefix, length, metric));

    public void Dispose() => socket.Dispose();

    // struct ifaddrmsg, linux/if_addr.h: family 8 | prefix length 8 | flags 8 | scope 8 | index 32
    internal static byte[] AddressMessage(int index, IPAddress address, int prefixLength) =>
    [
        Libc.AF_INET6, CheckedLength(address, prefixLength), Libc.IFA_F_NODAD, 0, .. BitConverter.GetBytes(index),
        .. Netlink.Attribute(Libc.IFA_ADDRESS, address.GetAddressBytes()),
    ];

    // struct ifinfomsg, linux/rtnetlink.h: family 8 | 0 8 | type 16 | index 32 | flags 32 | which flags change 32
    internal static byte[] QueueMessage(int index, int packets) =>
        [0, 0, 0, 0, .. BitConverter.GetBytes(index), 0, 0, 0, 0, 0, 0, 0, 0, .. Netlink.Attribute(Libc.IFLA_TXQLEN, BitConverter.GetBytes(packets))];

    // struct rtmsg, linux/rtnetlink.h: family 8 | destination length 8 | source length 8 | TOS 8 | table 8 | protocol 8 | scope 8 | type 8 | flags 32
    internal static byte[] RouteMessage(int index, IPAddress prefix, int length, uint metric) =>
    [
        Libc.AF_INET6, CheckedLength(prefix, length), 0, 0, Libc.RT_TABLE_MAIN, Libc.RTPROT_STATIC, 0, Libc.RTN_UNICAST, 0, 0, 0, 0,
        .. Netlink.Attribute(Libc.RTA_DST, prefix.GetAddressBytes()),
        .. Netlink.Attribute(Libc.RTA_OIF, BitConverter.GetBytes(index)),
        .. Netlink.Attribute(Libc.RTA_PRIORITY, BitConverter.GetBytes(metric)),
    ];

    internal static byte[] RouteQuestion(IPAddress address) =>
        [Libc.AF_INET6, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. Netlink.Attribute(Libc.RTA_DST, address.GetAddressBytes())];

    static byte CheckedLength(IPAddress address, int length)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{address} is not an IPv6 address.", nameof(address));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 128);
        return (byte)length;
    }

    void Change(ushort type, int flags, byte[] body)
    {
        Span<byte> answer = stackalloc byte[MaxAnswerOctets];
        int error = ErrorOf(Ask(type, flags | Libc.NLM_F_ACK, body, answer));
        if (error != 0)
            throw new Win32Exception(error);
    }

    // Asks which route a packet to the address would take. The answer is that route, or an error when there is no route.
    internal bool IsLocal(IPAddress address)
    {
        var answer = Ask(Libc.RTM_GETROUTE, 0, RouteQuestion(address), stackalloc byte[MaxAnswerOctets]);
        return Netlink.TypeOf(answer) == Libc.RTM_NEWROUTE && answer[Libc.NLMSG_HDRLEN + 7] == Libc.RTN_LOCAL;
    }

    // struct nlmsgerr, linux/netlink.h: 0 or a negative errno
    static int ErrorOf(ReadOnlySpan<byte> answer) => -BitConverter.ToInt32(answer[Libc.NLMSG_HDRLEN..]);

    ReadOnlySpan<byte> Ask(ushort type, int flags, byte[] body, Span<byte> answer)
    {
        lock (_changing)
            return Netlink.Ask(socket, type, flags, body, answer);
    }

    static Libc.IfReq Request(string name)
    {
        Libc.IfReq request = default;
        Encoding.UTF8.GetBytes(name, new Span<byte>(request.Name, Libc.IFNAMSIZ - 1));
        return request;
    }

    static void Call(SafeFileHandle descriptor, uint request, void* argument)
    {
        if (Libc.Ioctl(descriptor, request, argument) < 0)
            throw new Win32Exception(); // takes the errno of the call
    }
}
