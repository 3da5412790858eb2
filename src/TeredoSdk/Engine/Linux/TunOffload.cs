using System.ComponentModel;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>What a TUN device of this kernel hands over and takes.</summary>
/// <param name="HasHeaders">Whether a virtio header stands before each packet (IFF_VNET_HDR).</param>
/// <param name="Tcp">Whether long packets of TCP go both ways (TUN_F_TSO6).</param>
/// <param name="Udp">Whether long packets of UDP go both ways (TUN_F_USO6): Linux 6.2 or later.</param>
/// <param name="Problem">A sentence that says what is missing and why; null when nothing is, or when it is not wanted.</param>
[SupportedOSPlatform("linux")]
readonly record struct TunOffload(bool HasHeaders, bool Tcp, bool Udp, string? Problem)
{
    const int All = Libc.TUN_F_CSUM | Libc.TUN_F_TSO4 | Libc.TUN_F_TSO6 | Libc.TUN_F_USO4 | Libc.TUN_F_USO6;
    const int WithoutUdp = Libc.TUN_F_CSUM | Libc.TUN_F_TSO4 | Libc.TUN_F_TSO6;

    /// <summary>Turns an open TUN descriptor into a device with as much as the kernel has.</summary>
    /// <param name="tun">The descriptor.</param>
    /// <param name="wanted">Whether long packets are wanted at all.</param>
    /// <param name="name">The name; <c>%d</c> in it becomes a number. Receives the name of the device.</param>
    /// <exception cref="Win32Exception">The kernel makes no device.</exception>
    public static TunOffload Attach(SafeFileHandle tun, bool wanted, ref string name)
    {
        if (wanted)
        {
            try
            {
                name = InterfaceControl.AttachTun(tun, name, Libc.IFF_VNET_HDR);
                return Enable(tun);
            }
            catch (Win32Exception e) when (e.NativeErrorCode == Libc.EINVAL)
            {
                name = InterfaceControl.AttachTun(tun, name, 0);
                return new(false, false, false, "TUN devices of this kernel have no virtio headers (IFF_VNET_HDR), so each packet is written alone.");
            }
        }
        name = InterfaceControl.AttachTun(tun, name, 0);
        return default;
    }

    /// <summary>Makes sure, by a real write, that the kernel takes a long packet. Some kernels accept the switch and refuse the packets.</summary>
    /// <param name="tun">A descriptor whose device is up.</param>
    public TunOffload Verify(SafeFileHandle tun)
    {
        if (Tcp && !LongPacketProbe.IsTaken(tun, isTcp: true))
            return new(true, false, false, "This kernel refuses long packets that are written to a TUN device, although it accepts the switch (TUN_F_TSO6).");
        if (Udp && !LongPacketProbe.IsTaken(tun, isTcp: false))
            return this with { Udp = false, Problem = "This kernel refuses long packets of UDP that are written to a TUN device (TUN_F_USO6)." };
        return this;
    }

    internal static TunOffload Enable(SafeFileHandle tun)
    {
        if (TrySwitch(tun, All))
            return new(true, true, true, null);
        if (TrySwitch(tun, WithoutUdp))
            return new(true, true, false, "TUN devices of this kernel join no UDP datagrams (TUN_F_USO6); Linux 6.2 or later does.");
        return new(true, false, false, "TUN devices of this kernel hand over no long packets (TUN_F_TSO6).");
    }

    static unsafe bool TrySwitch(SafeFileHandle tun, int features) => Libc.Ioctl(tun, Libc.TUNSETOFFLOAD, (void*)features) == 0;
}
