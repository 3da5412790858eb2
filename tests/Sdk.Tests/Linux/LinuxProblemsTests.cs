using System.ComponentModel;
using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Tests.Linux;

[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class LinuxProblemsTests
{
    [TestCase(NamespaceBroker.Step.EnterUserNamespace, Libc.EINVAL, 0, "try again", "kernel has no")]
    [TestCase(NamespaceBroker.Step.EnterNetworkNamespace, Libc.EINVAL, 0, "try again", "kernel has no")]
    [TestCase(NamespaceBroker.Step.CreateSocket, Libc.EAFNOSUPPORT, Libc.AF_NETLINK, "AF_NETLINK", "IPv6")]
    [TestCase(NamespaceBroker.Step.CreateSocket, Libc.EAFNOSUPPORT, Libc.AF_INET6, "IPv6", "netlink")]
    [TestCase(NamespaceBroker.Step.CreateSocket, Libc.EMFILE, Libc.AF_INET6, "ulimit -n", "IPv6")]
    [TestCase(NamespaceBroker.Step.Fork, 0, 0, "killed by another program", "can't start")]
    [TestCase(NamespaceBroker.Step.Fork, Libc.EAGAIN, 0, "can't start", "killed by")]
    [TestCase(NamespaceBroker.Step.Send, Libc.EINVAL, 0, "step Send failed", "try again")]
    public void Broker_StepThatFailed_IsToldForWhatItIs(object step, int errno, int domain, string told, string notTold)
    {
        var problem = LinuxProblems.OfBroker(new((NamespaceBroker.Step)step, errno, domain), "/dev/net/tun");
        Assert.That(problem.Message, Does.Contain(told).And.Not.Contain(notTold));
        Assert.That(problem.HResult, Is.EqualTo(errno));
    }

    [TestCase(Libc.ENOSPC, "user/max_user_namespaces", "0", "user.max_user_namespaces=10000")]
    [TestCase(Libc.ENOSPC, "user/max_net_namespaces", "0", "user.max_net_namespaces=10000")]
    [TestCase(Libc.ENOSPC, "user/max_user_namespaces", "96364", "the limit of namespaces is reached")]
    [TestCase(Libc.EPERM, "kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1")]
    [TestCase(Libc.EPERM, "kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0")]
    [TestCase(Libc.EPERM, "kernel/apparmor_restrict_unprivileged_userns", "0", "seccomp")]
    [TestCase(Libc.EINVAL, "", "", "CONFIG_USER_NS")]
    [TestCase(Libc.EAGAIN, "", "", "ulimit -u")]
    [TestCase(Libc.EBUSY, "", "", "error 16")]
    public void WhatRefuses_ErrnoAndSwitch_NamesTheSwitch(int errno, string file, string value, string expected) =>
        Assert.That(LinuxProblems.FindingOfNamespaces(errno, name => name == file ? value : null).Sentence, Does.Contain(expected));

    [TestCase(Libc.ENOENT, "modprobe tun"), TestCase(Libc.ENODEV, "After a kernel upgrade, reboot"), TestCase(Libc.ENXIO, "modprobe tun")]
    [TestCase(Libc.EACCES, "chmod 0666 /dev/net/tun")]
    [TestCase(Libc.EPERM, "--device /dev/net/tun"), TestCase(Libc.EMFILE, "ulimit -n")]
    public void OfTunFile_Errno_SaysTheNextStep(int errno, string expected)
    {
        var e = LinuxProblems.OfTunFile(errno, "/dev/net/tun");
        Assert.That((e.Error, e.HResult), Is.EqualTo((TeredoError.KernelSocketsUnavailable, errno)));
        Assert.That(e.Message, Does.Contain(expected));
    }

    [TestCase(Libc.EPERM, TeredoError.AccessDenied, "CAP_NET_ADMIN"), TestCase(Libc.EBUSY, TeredoError.NetworkDeviceUnavailable, "is in use")]
    public void OfDevice_InHost_SaysTheNextStep(int errno, TeredoError error, string expected)
    {
        var e = LinuxProblems.OfDevice(new Win32Exception(errno), "teredo", isInHost: true);
        Assert.That(e.Error, Is.EqualTo(error));
        Assert.That(e.Message, Does.Contain(expected));
    }

    [TestCase(NamespaceBroker.Step.EnterUserNamespace, Libc.EPERM, 0, "may not enter the private network that it created")]
    [TestCase(NamespaceBroker.Step.EnterNetworkNamespace, Libc.EACCES, 0, "sockets inside the process need no namespaces")]
    [TestCase(NamespaceBroker.Step.CreateSocket, Libc.EPERM, Libc.AF_NETLINK, "forbids netlink sockets")]
    [TestCase(NamespaceBroker.Step.CreateSocket, Libc.EACCES, Libc.AF_INET6, "forbids IPv6 sockets")]
    [TestCase(NamespaceBroker.Step.CreateSocket, Libc.EINVAL, Libc.AF_INET6, "step CreateSocket failed")]
    [TestCase(NamespaceBroker.Step.Send, Libc.ENFILE, 0, "ulimit -n")]
    [TestCase(NamespaceBroker.Step.Open, Libc.ENOENT, 0, "There is no TUN device at /dev/net/tun.")]
    public void Broker_StepThatWasRefused_IsToldForWhatItIs(object step, int errno, int domain, string told) =>
        Assert.That(LinuxProblems.OfBroker(new((NamespaceBroker.Step)step, errno, domain), "/dev/net/tun").Message, Does.Contain(told));

    [TestCase(Libc.ENOENT, "mount the proc file system"), TestCase(Libc.EACCES, "without file capabilities"), TestCase(Libc.EPERM, "allow it to read /proc")]
    [TestCase(Libc.EMFILE, "ulimit -n"), TestCase(Libc.ENFILE, "ulimit -n"), TestCase(Libc.EBUSY, "error 16")]
    public void NamespaceFiles_SayTheNextStep(int errno, string expected) => Assert.That(LinuxProblems.OfNamespaceFiles(errno).Message, Does.Contain(expected));

    [TestCase(Libc.ENOSPC, "user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000", "sysctl")]
    [TestCase(Libc.EPERM, "kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", "AppArmor")]
    [TestCase(Libc.EUSERS, "user/max_user_namespaces", "9", null, null)]
    [TestCase(Libc.EACCES, "", "", null, null)]
    [TestCase(Libc.ENOMEM, "", "", null, null)]
    public void RefusedNamespaces_HaveTheCommandThatHelps_AndWhatWasRead(int errno, string file, string value, string? command, string? setBy)
    {
        var finding = LinuxProblems.FindingOfNamespaces(errno, name => name == file ? value : null);
        Assert.That((finding.Fix!.Command, finding.Fix.NeedsAdministrator, finding.SetBy), Is.EqualTo((command, command is not null, setBy)));
        Assert.That(finding.Evidence.Skip(1), Is.EqualTo(file.Length > 0 ? new[] { $"/proc/sys/{file}: {value}" } : []));
        Assert.That(finding.Fix.Sentence[0], Is.EqualTo(char.ToUpperInvariant(finding.Fix.Sentence[0])));
    }

    [TestCase(Libc.ENODEV, "modprobe tun"), TestCase(Libc.ENOENT, "modprobe tun"), TestCase(Libc.EACCES, "chmod 0666 /dev/tun"), TestCase(Libc.EPERM, null)]
    public void TunFile_HasTheCommandThatHelps(int errno, string? command)
    {
        var finding = LinuxProblems.FindingOfTunFile(errno, "/dev/tun");
        Assert.That((finding.Fix!.Command, finding.Fix.NeedsAdministrator), Is.EqualTo((command, command is not null)));
    }

    [TestCase(Libc.EMFILE), TestCase(Libc.EBUSY)]
    public void TunFile_ThatNoCommandHelps_HasNone(int errno) => Assert.That(LinuxProblems.FindingOfTunFile(errno, "/dev/tun").Fix, Is.Null);

    [TestCase(Libc.EPERM, TeredoError.AccessDenied), TestCase(Libc.EACCES, TeredoError.AccessDenied), TestCase(Libc.ENOENT, TeredoError.NetworkDeviceUnavailable)]
    public void TunFile_ForADeviceOfTheMachine_IsAnError(int errno, TeredoError error) => Assert.That(LinuxProblems.OfHostTunFile(errno, "/dev/tun").Error, Is.EqualTo(error));

    [TestCase(Libc.EINVAL, true, "another kind of interface has this name"), TestCase(Libc.EMFILE, true, "ulimit -n"), TestCase(Libc.ENFILE, false, "ulimit -n")]
    [TestCase(Libc.EPERM, false, "in its private network: "), TestCase(Libc.ENOENT, true, "can't be set up"), TestCase(Libc.EBUSY, false, "is in use")]
    public void Device_SaysTheNextStep(int errno, bool isInHost, string expected)
    {
        var e = LinuxProblems.OfDevice(new Win32Exception(errno), "teredo", isInHost);
        Assert.That(e.Message, Does.Contain(expected));
        Assert.That(e.Error, Is.EqualTo(isInHost ? TeredoError.NetworkDeviceUnavailable : TeredoError.KernelSocketsUnavailable));
    }

    [TestCase(Libc.EPERM, "needs CAP_NET_ADMIN"), TestCase(Libc.EEXIST, "it exists already"), TestCase(Libc.ENODEV, "the device is gone")]
    [TestCase(Libc.EACCES, "sysctl -w net.ipv6.conf.all.disable_ipv6=0"), TestCase(Libc.EBUSY, "failed (")]
    public void Change_SaysTheNextStep(int errno, string expected)
    {
        var e = LinuxProblems.OfChange(new Win32Exception(errno), "Adding an address", "teredo");
        Assert.That(e.Error, Is.EqualTo(TeredoError.NetworkDeviceUnavailable));
        Assert.That(e.Message, Does.StartWith("Adding an address on teredo ").And.Contain(expected));
    }

    [Test]
    public void SwitchedOffIPv6_NeedsAnAdministrator()
    {
        Assert.That(LinuxProblems.FindingOfKernelWithoutIPv6([]).Fix!.NeedsAdministrator);
        Assert.That(LinuxProblems.FindingOfNoIPv6([]).Fix!.NeedsAdministrator);
        Assert.That(LinuxProblems.OfLoss("teredo", Libc.EBUSY).Message, Is.EqualTo($"The network device teredo is gone ({new Win32Exception(Libc.EBUSY).Message}, error 16): another program removed it. Start again."));
        Assert.That(LinuxProblems.Switch("net/no/such"), Is.Null);
        Assert.That(LinuxProblems.Switch("kernel/ostype"), Is.EqualTo("Linux"));
    }
}
