using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>The numbers and the messages that the kernel defines. Most errors of a kernel no test can make it return.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class LibcTests
{
    // As a C compiler prints them from the headers of x64.
    const string Numbers = """
        EPERM 1, ENOENT 2, ESRCH 3, EINTR 4, EIO 5, ENXIO 6, EAGAIN 11, ENOMEM 12, EACCES 13, EBUSY 16, EEXIST 17, ENODEV 19, EINVAL 22, ENFILE 23,
        EMFILE 24, ENOSPC 28, ENOSYS 38, EUSERS 87, EMSGSIZE 90, EAFNOSUPPORT 97, EADDRNOTAVAIL 99, ETIMEDOUT 110, CLONE_VM 0x100, CLONE_FILES 0x400,
        CLONE_NEWUSER 0x10000000, CLONE_NEWNET 0x40000000, __WALL 0x40000000, SIGKILL 9, SIG_BLOCK 0, SIG_SETMASK 2, O_RDONLY 0, O_WRONLY 1,
        O_RDWR 2, O_NONBLOCK 0x800, O_CLOEXEC 0x80000, EFD_NONBLOCK 0x800, EFD_CLOEXEC 0x80000, POLLIN 1, POLLERR 8, POLLHUP 16, POLLNVAL 32,
        AF_UNIX 1, AF_INET 2, AF_INET6 10, AF_NETLINK 16, SOCK_DGRAM 2, SOCK_RAW 3, SOCK_TYPE_MASK 15, SOCK_CLOEXEC 0x80000, SOL_SOCKET 1,
        SCM_RIGHTS 1, IPPROTO_IPV6 41, IPV6_V6ONLY 26, MSG_DONTWAIT 0x40, MSG_NOSIGNAL 0x4000, MSG_CMSG_CLOEXEC 0x40000000, TUNSETIFF 0x400454ca,
        IFNAMSIZ 16, IFF_TUN 1, IFF_NO_PI 0x1000, IFF_UP 1, SIOCGIFFLAGS 0x8913, SIOCSIFFLAGS 0x8914, SIOCSIFMTU 0x8922, SIOCGIFINDEX 0x8933,
        NETLINK_ROUTE 0, NLMSG_HDRLEN 16, NLM_F_REQUEST 1, NLM_F_ACK 4, NLM_F_EXCL 0x200, NLM_F_CREATE 0x400, RTM_SETLINK 19, IFLA_TXQLEN 13, RTM_NEWADDR 20, RTM_DELADDR 21,
        RTM_NEWROUTE 24, RTM_DELROUTE 25, RTM_GETROUTE 26, RTM_NEWNEIGH 28, RTM_GETNEIGH 30, IFA_ADDRESS 1, RTA_DST 1, RTA_OIF 4, RTA_GATEWAY 5,
        RTA_PRIORITY 6, NDA_DST 1, NDA_LLADDR 2, IFA_F_NODAD 2, RT_TABLE_MAIN 254, RTPROT_STATIC 4, RTN_UNICAST 1, RTN_LOCAL 2,
        EPOLL_CTL_ADD 1, EPOLL_CTL_DEL 2, SOL_IP 0, IP_TTL 2, SOL_UDP 17, UDP_SEGMENT 103, UDP_GRO 104, SO_RXQ_OVFL 40, TUNSETOFFLOAD 0x400454d0,
        IFF_VNET_HDR 0x4000, TUN_F_CSUM 1, TUN_F_TSO4 2, TUN_F_TSO6 4, TUN_F_USO4 0x20, TUN_F_USO6 0x40
        """;

    static readonly IPAddress Address = IPAddress.Parse("2001:0:c000:201:0:efff:34ff:8efe");

    [Test]
    public void EachNumber_IsThatOfTheHeaders()
    {
        var expected = Numbers.Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(entry => entry.Split(' '))
            .Select(part => (part[0], Convert.ToInt64(part[1], part[1].StartsWith("0x", StringComparison.Ordinal) ? 16 : 10)));
        var actual = typeof(Libc).GetFields().Where(field => field.IsLiteral)
            .Select(field => (field.Name, Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)));
        Assert.That(actual, Is.EquivalentTo(expected));
    }

    [Test]
    public void Address_IsAddedWithoutDuplicateAddressDetection() => Assert.That(
        Convert.ToHexStringLower(InterfaceControl.AddressMessage(0x01020304, Address, 33)),
        Is.EqualTo("0a21020004030201" + "14000100" + "20010000c00002010000efff34ff8efe"));

    [Test]
    public void QueueLength_IsTheOnlyThingThatChanges() => Assert.That(
        Convert.ToHexStringLower(InterfaceControl.QueueMessage(0x01020304, 0x05060708)),
        Is.EqualTo("00000000" + "04030201" + "00000000" + "00000000" + "08000d0008070605"));

    [Test]
    public void Route_IsAStaticOneOfTheMainTable() => Assert.That(
        Convert.ToHexStringLower(InterfaceControl.RouteMessage(0x01020304, Address, 33, 0x05060708)),
        Is.EqualTo("0a210000fe040001" + "00000000" + "14000100" + "20010000c00002010000efff34ff8efe"
            + "0800040004030201" + "0800060008070605"));

    [Test]
    public void QuestionForARoute_NamesTheWholeAddress() => Assert.That(Convert.ToHexStringLower(InterfaceControl.RouteQuestion(Address)),
        Is.EqualTo("0a80000000000000" + "00000000" + "14000100" + "20010000c00002010000efff34ff8efe"));

    [TestCase(-1), TestCase(129)]
    public void PrefixLength_OfNoIPv6Address_IsRefused(int length) =>
        Assert.That(() => InterfaceControl.AddressMessage(1, Address, length), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [TestCase(0), TestCase(128)]
    public void PrefixLength_OfAnIPv6Address_IsTaken(int length) =>
        Assert.That(InterfaceControl.AddressMessage(1, Address, length)[1], Is.EqualTo(length));

    [Test]
    public void IPv4Address_IsRefused() =>
        Assert.That(() => InterfaceControl.AddressMessage(1, IPAddress.Loopback, 32), Throws.ArgumentException.With.Message.Contains("127.0.0.1"));
}
