using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Engine.Linux;

/// <summary>Configures interfaces of the network that a socket belongs to, by ioctl.</summary>
/// <remarks>Every method fails with <see cref="Win32Exception"/>, which carries the errno.</remarks>
[SupportedOSPlatform("linux")]
sealed unsafe class InterfaceControl(SafeFileHandle socket) : IDisposable
{
    /// <summary>Configures the network that this process is in.</summary>
    public static InterfaceControl OfHost()
    {
        int socket = Libc.Socket(Libc.AF_INET6, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        return socket >= 0 ? new(new SafeFileHandle(socket, ownsHandle: true)) : throw new Win32Exception();
    }

    /// <summary>Turns an open TUN descriptor into a device.</summary>
    /// <returns>The name it has: the wanted one, with its <c>%d</c> replaced.</returns>
    public static string AttachTun(SafeFileHandle tun, string name)
    {
        var request = Request(name);
        request.Flags = Libc.IFF_TUN | Libc.IFF_NO_PI;
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

    public void AddAddress(int index, IPAddress address, int prefixLength) => ChangeAddress(Libc.SIOCSIFADDR, index, address, prefixLength);

    public void RemoveAddress(int index, IPAddress address, int prefixLength) => ChangeAddress(Libc.SIOCDIFADDR, index, address, prefixLength);

    /// <param name="index">The device that packets go to.</param>
    /// <param name="prefix">The destinations.</param>
    /// <param name="length">0 to 128 bits.</param>
    /// <param name="metric">The lower one of two routes wins; 0 stands for the kernel's default, 1024.</param>
    public void AddRoute(int index, IPAddress prefix, int length, uint metric) => ChangeRoute(Libc.SIOCADDRT, index, prefix, length, metric);

    public void RemoveRoute(int index, IPAddress prefix, int length, uint metric) => ChangeRoute(Libc.SIOCDELRT, index, prefix, length, metric);

    public void Dispose() => socket.Dispose();

    void ChangeAddress(uint change, int index, IPAddress address, int prefixLength)
    {
        CheckPrefix(address, prefixLength);
        Libc.In6IfReq request = new() { PrefixLength = (uint)prefixLength, Index = index };
        address.TryWriteBytes(new Span<byte>(request.Address, 16), out _);
        Call(socket, change, &request);
    }

    void ChangeRoute(uint change, int index, IPAddress prefix, int length, uint metric)
    {
        CheckPrefix(prefix, length);
        Libc.In6RtMsg request = new() { DestinationLength = (ushort)length, Metric = metric, Flags = Libc.RTF_UP, Index = index };
        prefix.TryWriteBytes(new Span<byte>(request.Destination, 16), out _);
        Call(socket, change, &request);
    }

    static void CheckPrefix(IPAddress address, int length)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{address} is no IPv6 address.", nameof(address));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 128);
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
