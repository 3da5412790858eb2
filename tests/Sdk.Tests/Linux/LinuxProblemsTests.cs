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
}
