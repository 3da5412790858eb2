using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>A private network of this process: a user and a network namespace that only descriptors keep alive. It needs no privilege.</summary>
/// <remarks>
/// <para>It holds the loopback interface (up), the devices made by <see cref="OpenTun"/> and the sockets made by <see cref="CreateSocket"/>. All
/// of it is gone when the process ends, even after a crash. Safe for any number of threads.</para>
/// <para>After <see cref="Dispose"/>, existing sockets and devices work until they are closed; new ones can't be made.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
sealed class PrivateNetwork : IDisposable
{
    const string TunPath = "/dev/net/tun", MtuProbingPath = "/proc/sys/net/ipv4/tcp_mtu_probing"; // for TCP over IPv6, too

    readonly SafeFileHandle _user, _network;
    readonly string _tunPath;

    PrivateNetwork(SafeFileHandle user, SafeFileHandle network, string tunPath) => (_user, _network, _tunPath) = (user, network, tunPath);

    /// <summary>Makes descriptors inside the network, as <see cref="NamespaceBroker.Run"/> does.</summary>
    internal delegate NamespaceBroker.Outcome Maker(SafeFileHandle user, SafeFileHandle network, ReadOnlySpan<NamespaceBroker.DescriptorRequest> requests,
        Span<int> made);

    /// <summary>Who makes descriptors.</summary>
    internal Maker Broker { get; set; } = NamespaceBroker.Run;

    /// <exception cref="TeredoException">This system refuses; the message names the switch that does, and what to do.</exception>
    public static PrivateNetwork Create() => Create(TunPath);

    /// <param name="tunPath">The path of the TUN device node.</param>
    internal static PrivateNetwork Create(string tunPath)
    {
        var (user, network) = NamespaceMaker.Make();
        var made = new PrivateNetwork(user, network, tunPath);
        try
        {
            using var control = new InterfaceControl(made.MakeOne(InterfaceControl.Socket));
            control.BringUp("lo"); // packets from a machine to its own address pass through it
            made.ProbeMtu();
            return made;
        }
        catch (Exception e)
        {
            made.Dispose();
            if (e is Win32Exception refused)
                throw LinuxProblems.OfDevice(refused, "lo", isInHost: false);
            throw;
        }
    }

    /// <summary>Makes a TUN device that is up and has no address. The device exists until it is disposed.</summary>
    /// <param name="name">Up to 15 octets; <c>%d</c> in it becomes a number.</param>
    /// <param name="mtu">1280 to 65535 octets.</param>
    /// <param name="offload">Whether long packets, which stand for many, are wanted.</param>
    /// <exception cref="TeredoException">There is no TUN device on this system, or this process may not use it.</exception>
    public TunDevice OpenTun(string name, int mtu, bool offload)
    {
        TunDevice.CheckArguments(name, mtu);
        Span<int> made = stackalloc int[2];
        Make([NamespaceBroker.DescriptorRequest.File(_tunPath, TunDevice.OpenFlags), InterfaceControl.Socket], made);
        var control = new InterfaceControl(new(made[1], ownsHandle: true));
        return TunDevice.Create(new(made[0], ownsHandle: true), () => control, name, mtu, offload, isInHost: false);
    }

    /// <summary>Makes an IPv6 socket that sees only this network.</summary>
    /// <remarks>The socket is ordinary, with one exception. When a connection attempt fails and the same object makes another one, .NET takes
    /// a new handle, which belongs to the machine's network. So one socket makes one attempt, to one address.</remarks>
    /// <exception cref="TeredoException">A limit is reached, or this system refuses.</exception>
    public Socket CreateSocket(SocketType type, ProtocolType protocol)
    {
        var handle = MakeOne(new(Libc.AF_INET6, (int)type | Libc.SOCK_CLOEXEC, (int)protocol));
        var socket = new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true);
        handle.SetHandleAsInvalid(); // the socket owns it from here on
        return new(socket);
    }

    public void Dispose()
    {
        _network.Dispose();
        _user.Dispose();
    }

    // RFC 4821: the outer packets of full segments are fragmented on a path with a small MTU, and some paths drop fragments without a word.
    void ProbeMtu()
    {
        try
        {
            using var setting = MakeOne(NamespaceBroker.DescriptorRequest.File(MtuProbingPath, Libc.O_WRONLY | Libc.O_CLOEXEC));
            RandomAccess.Write(setting, "1"u8, 0); // 1: when large segments get no acknowledgement
        }
        catch (Exception e) when (e is TeredoException or IOException or UnauthorizedAccessException)
        {
            // Some containers have kernel settings that are read-only. Most paths let large packets through anyway.
        }
    }

    SafeFileHandle MakeOne(NamespaceBroker.DescriptorRequest request)
    {
        int made = -1;
        Make([request], new(ref made));
        return new(made, ownsHandle: true);
    }

    void Make(ReadOnlySpan<NamespaceBroker.DescriptorRequest> requests, Span<int> made)
    {
        var outcome = Broker(_user, _network, requests, made);
        if (outcome.Step is NamespaceBroker.Step.EnterUserNamespace or NamespaceBroker.Step.EnterNetworkNamespace)
            outcome = Broker(_user, _network, requests, made); // seen once in 400,000 calls for no reason of ours: a second child may enter
        if (outcome.Step != NamespaceBroker.Step.Done)
            throw LinuxProblems.OfBroker(outcome, _tunPath);
    }
}
