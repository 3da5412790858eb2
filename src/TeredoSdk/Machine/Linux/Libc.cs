using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Machine.Linux;

/// <summary>Functions and constants of the C library and the kernel, named as in their headers. The numbers are those of x64 and arm64.</summary>
[SupportedOSPlatform("linux")]
static unsafe partial class Libc
{
    // asm-generic/errno-base.h, asm-generic/errno.h
    public const int EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, ENXIO = 6, EAGAIN = 11,
        ENOMEM = 12, EACCES = 13, EBUSY = 16, EEXIST = 17, ENODEV = 19,
        EIO = 5, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOSPC = 28, ENOSYS = 38, EUSERS = 87, EMSGSIZE = 90, EAFNOSUPPORT = 97, EADDRNOTAVAIL = 99, ETIMEDOUT = 110;

    // linux/sched.h, linux/wait.h, asm-generic/signal.h
    public const int CLONE_VM = 0x100, CLONE_FILES = 0x400, CLONE_NEWUSER = 0x10000000, CLONE_NEWNET = 0x40000000;
    public const int __WALL = 0x40000000;
    public const int SIGKILL = 9, SIG_BLOCK = 0, SIG_SETMASK = 2;

    // asm-generic/fcntl.h, linux/eventfd.h, asm-generic/poll.h
    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = O_NONBLOCK, EFD_CLOEXEC = O_CLOEXEC;
    public const short POLLIN = 1, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32;

    // linux/eventpoll.h. The structure is packed on x64 alone: events, 32 bits, and data, 64 bits.
    public const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2;
    public static readonly int EpollDataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    public static readonly int EpollEventOctets = EpollDataAt + sizeof(ulong);

    // bits/socket.h, linux/in6.h
    public const int AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_TYPE_MASK = 15, SOCK_CLOEXEC = O_CLOEXEC;
    public const int SOL_SOCKET = 1, SCM_RIGHTS = 1, IPPROTO_IPV6 = 41, IPV6_V6ONLY = 26;
    public const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000;

    // linux/in.h, linux/udp.h, asm-generic/socket.h
    public const int SOL_IP = 0, IP_TTL = 2, SOL_UDP = 17, UDP_SEGMENT = 103, UDP_GRO = 104, SO_RXQ_OVFL = 40;

    // linux/if_tun.h, linux/if.h
    public const uint TUNSETIFF = 0x400454ca, TUNSETOFFLOAD = 0x400454d0;
    public const int IFNAMSIZ = 16;
    public const short IFF_TUN = 1, IFF_NO_PI = 0x1000, IFF_VNET_HDR = 0x4000, IFF_UP = 1;
    public const int TUN_F_CSUM = 1, TUN_F_TSO4 = 2, TUN_F_TSO6 = 4, TUN_F_USO4 = 0x20, TUN_F_USO6 = 0x40;

    // linux/sockios.h
    public const uint SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914, SIOCSIFMTU = 0x8922, SIOCGIFINDEX = 0x8933;

    // linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h, linux/neighbour.h
    public const int NETLINK_ROUTE = 0, NLMSG_HDRLEN = 16, NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400;
    public const ushort RTM_SETLINK = 19, RTM_NEWADDR = 20, RTM_DELADDR = 21, RTM_NEWROUTE = 24, RTM_DELROUTE = 25, RTM_GETROUTE = 26;
    public const ushort RTM_NEWNEIGH = 28, RTM_GETNEIGH = 30, IFLA_TXQLEN = 13;
    public const ushort IFA_ADDRESS = 1, RTA_DST = 1, RTA_OIF = 4, RTA_GATEWAY = 5, RTA_PRIORITY = 6, NDA_DST = 1, NDA_LLADDR = 2;
    public const byte IFA_F_NODAD = 2, RT_TABLE_MAIN = 254, RTPROT_STATIC = 4, RTN_UNICAST = 1, RTN_LOCAL = 2;

    /// <summary>struct ifreq, linux/if.h: a name, and the one field of the union that the request uses.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct IfReq
    {
        [FieldOffset(0)] public fixed byte Name[IFNAMSIZ];
        [FieldOffset(16)] public short Flags;
        [FieldOffset(16)] public int Mtu;
        [FieldOffset(16)] public int Index;
    }

    /// <summary>struct sockaddr_nl, linux/netlink.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct NetlinkAddress
    {
        public ushort Family;
        public ushort Padding;
        public uint Port;
        public uint Groups;
    }

    /// <summary>struct pollfd, asm-generic/poll.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Occurred;
    }

    /// <summary>struct mmsghdr, bits/socket.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MMsgHdr
    {
        public MsgHdr Header;
        public uint Length;
    }

    /// <summary>struct sockaddr_in, linux/in.h. Port and address are in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SocketAddress4
    {
        public ushort Family;
        public ushort Port;
        public uint Address;
        public ulong Zero;
    }

    /// <summary>struct iovec, linux/uio.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVec
    {
        public void* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr as the C library defines it, bits/socket.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MsgHdr
    {
        public void* Name;
        public uint NameLength;
        public IoVec* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr, bits/socket.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CmsgHdr
    {
        public nuint Length;
        public int Level;
        public int Type;
    }

    /// <summary>sigset_t, bits/types/__sigset_t.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SigSet
    {
        public fixed byte Bits[128];
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial void Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "getrandom")]
    public static partial nint GetRandom(byte* buffer, nuint length, uint flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollFd* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial SafeFileHandle EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(SafeFileHandle epoll, int operation, SafeHandle descriptor, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(SafeFileHandle epoll, byte* entries, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    public static partial int SocketPair(int domain, int type, int protocol, int* pair);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(int socket, MsgHdr* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    public static partial int ReceiveMessages(SafeHandle socket, MMsgHdr* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    public static partial int SendMessages(SafeHandle socket, MMsgHdr* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint SendMessage(SafeHandle socket, MsgHdr* message, int flags);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    public static partial nint WriteVector(SafeHandle descriptor, void* vectors, int count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    public static partial void SetSignalMask(int how, SigSet* set, SigSet* previous);

    [LibraryImport("libc", EntryPoint = "clone", SetLastError = true)]
    public static partial int Clone(nint function, void* stackTop, int flags, nint argument);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int process, int* status, int options);

    /// <summary>The address of a function in the C library that this process has loaded.</summary>
    public static nint AddressOf(string function) => NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), function);

    /// <summary>Blocks every signal on this thread.</summary>
    public static SigSet BlockSignals()
    {
        SigSet all, previous;
        new Span<byte>(all.Bits, sizeof(SigSet)).Fill(0xFF);
        SetSignalMask(SIG_BLOCK, &all, &previous);
        return previous;
    }

    public static void RestoreSignals(SigSet previous) => SetSignalMask(SIG_SETMASK, &previous, null);

    /// <summary>Waits for the end of a child. When other code in this process has reaped the child already, the child has ended, too.</summary>
    public static void Reap(int process)
    {
        int status;
        while (WaitPid(process, &status, __WALL) < 0 && Marshal.GetLastPInvokeError() == EINTR)
        {
        }
    }
}
