using System.ComponentModel;
using System.Globalization;
using System.Runtime.Versioning;

namespace TeredoSdk.Engine.Linux;

/// <summary>From an errno to the sentence: what refuses, and the next step.</summary>
[SupportedOSPlatform("linux")]
static class LinuxProblems
{
    const string WithoutThem = "Or do without kernel sockets: datagrams inside the process need none of this.";

    /// <summary>New user and network namespaces were refused.</summary>
    public static TeredoException OfNamespaces(int errno) =>
        Of(errno, $"This process may not make a network of its own: {WhatRefuses(errno, Switch)} {WithoutThem}");

    /// <summary>The namespaces of a child were not to be had.</summary>
    public static TeredoException OfNamespaceFiles(int errno) => Of(errno, errno switch
    {
        Libc.ENOENT => "The namespaces of a child process are not to be found under /proc: mount the proc file system of this PID namespace there.",
        Libc.EACCES or Libc.EPERM => "This process may not look at its own child's namespaces under /proc: run it from a "
            + "program file without file capabilities and "
            + "without set-user-ID, and allow it to read /proc.",
        Libc.EMFILE or Libc.ENFILE => NoDescriptors,
        _ => $"The namespaces of a child process can't be opened under /proc ({Text(errno)}).",
    });

    /// <summary>A child could not make what it was to make in the private network.</summary>
    public static TeredoException OfBroker(NamespaceBroker.Step step, int errno, string tunPath) => step switch
    {
        NamespaceBroker.Step.Open => OfTunFile(errno, tunPath),
        NamespaceBroker.Step.CreateSocket when errno == Libc.EAFNOSUPPORT => Of(errno, "The kernel has IPv6 switched off: "
            + "start it without ipv6.disable=1."),
        _ when errno is Libc.EMFILE or Libc.ENFILE => Of(errno, NoDescriptors),
        NamespaceBroker.Step.EnterUserNamespace or NamespaceBroker.Step.EnterNetworkNamespace =>
            Of(errno, $"This process may not enter the network it made: {WhatRefuses(errno, Switch)} {WithoutThem}"),
        NamespaceBroker.Step.Fork when errno == 0 =>
            Of(errno, "A short-lived child of this process was ended from outside before its work was done: try again."),
        NamespaceBroker.Step.Fork => Of(errno, $"This process can't have the short-lived child that it needs: {WhatRefuses(errno, Switch)}"),
        _ => Of(errno, $"Nothing can be made in the private network (step {step}): {Text(errno)}."),
    };

    /// <summary>The TUN device node could not be opened.</summary>
    public static TeredoException OfTunFile(int errno, string path) => Of(errno, errno switch
    {
        Libc.ENOENT or Libc.ENODEV or Libc.ENXIO => $"There is no TUN device at {path}: load the kernel's module (modprobe tun); in a container, "
            + "start it with --device /dev/net/tun.",
        Libc.EACCES => $"This user may not open {path}: an administrator allows it with chmod 0666 {path}, or for good with the udev rule "
            + "KERNEL==\"tun\", MODE=\"0666\".",
        Libc.EPERM => $"This process may not open {path}: a container's device rules forbid it; start it with --device /dev/net/tun.",
        Libc.EMFILE or Libc.ENFILE => NoDescriptors,
        _ => $"{path} can't be opened ({Text(errno)}).",
    });

    /// <summary>A device could not be made or set up.</summary>
    public static TeredoException OfDevice(Win32Exception cause, string name, bool isInHost)
    {
        int errno = cause.NativeErrorCode;
        string sentence = errno switch
        {
            Libc.EBUSY => $"The device name {name} is in use: choose another, or end the program that holds it.",
            Libc.EINVAL => $"{name} can't be made as a TUN device: its name is taken by another kind of interface, or is no "
                + "valid name. Choose another.",
            Libc.EMFILE or Libc.ENFILE => NoDescriptors,
            Libc.EPERM when isInHost => $"Making the network device {name} needs CAP_NET_ADMIN: run this as root, or give "
                + "the program file the capability "
                + "(setcap cap_net_admin+ep FILE).",
            Libc.EPERM => $"This process may not set up the device {name} in a network of its own: {WhatRefuses(errno, Switch)} {WithoutThem}",
            _ => $"The network device {name} can't be set up ({Text(errno)}).",
        };
        return new(isInHost ? DeviceError(errno) : TeredoError.KernelSocketsUnavailable, sentence, cause);
    }

    /// <summary>An address or a route could not be set or removed.</summary>
    public static TeredoException OfChange(Win32Exception cause, string change, string name) => new(TeredoError.NetworkDeviceUnavailable,
        cause.NativeErrorCode switch
        {
            Libc.EPERM => $"{change} on {name} needs CAP_NET_ADMIN, which this process does not have: run it as root.",
            Libc.EEXIST => $"{change} on {name} is not possible: another one stands in its place. Remove that, or end the program that made it.",
            Libc.ENODEV => $"{change} on {name} is not possible: the device is gone.",
            Libc.EACCES => $"{change} on {name} is not possible: IPv6 is switched off there (sysctl net.ipv6.conf.{name}.disable_ipv6).",
            _ => $"{change} on {name} failed ({cause.Message}).",
        }, cause);

    /// <summary>The device's reader ended by a failure.</summary>
    public static TeredoException OfLoss(string name, int errno) => new(TeredoError.NetworkDeviceUnavailable,
        $"The network device {name} is gone ({Text(errno)}): another program removed it. Start again.", new Win32Exception(errno));

    /// <summary>The TUN device node could not be opened for a device of the machine.</summary>
    public static TeredoException OfHostTunFile(int errno, string path) =>
        new(DeviceError(errno), OfTunFile(errno, path).Message, new Win32Exception(errno));

    /// <summary>Which switch of the system it is.</summary>
    /// <param name="errno">What the kernel said.</param>
    /// <param name="read">Reads a file of /proc/sys; null if there is no such file.</param>
    public static string WhatRefuses(int errno, Func<string, string?> read)
    {
        bool isLimit = errno is Libc.ENOSPC or Libc.EUSERS;
        if (read("user/max_user_namespaces") == "0")
            return "user namespaces are switched off; an administrator allows them with sysctl -w user.max_user_namespaces=10000.";
        if (read("user/max_net_namespaces") == "0")
            return "network namespaces are switched off; an administrator allows them with sysctl -w user.max_net_namespaces=10000.";
        if (isLimit)
            return "the limit of namespaces is reached; end other programs that use some, or raise user.max_user_namespaces "
                + "and user.max_net_namespaces with sysctl.";
        if (errno is Libc.EPERM or Libc.EACCES)
        {
            if (read("kernel/unprivileged_userns_clone") == "0")
                return "user namespaces are for root only here; an administrator allows them with sysctl -w kernel.unprivileged_userns_clone=1.";
            if (read("kernel/apparmor_restrict_unprivileged_userns") == "1")
                return "AppArmor restricts user namespaces; an administrator allows them with sysctl -w "
                    + "kernel.apparmor_restrict_unprivileged_userns=0, or "
                    + "with an AppArmor profile for this program that has the rule \"userns,\".";
            return "a container, a seccomp filter, SELinux or a chroot forbids user namespaces; start the container with a "
                + "seccomp profile that allows clone and setns "
                + "with CLONE_NEWUSER, or run this outside of it.";
        }
        return errno switch
        {
            Libc.EINVAL or Libc.ENOSYS => "this kernel has no user or network namespaces; use one with CONFIG_USER_NS and CONFIG_NET_NS.",
            Libc.EAGAIN => "the limit of processes is reached; raise ulimit -u, or the pids limit of the container.",
            Libc.ENOMEM => "the kernel is out of memory for namespaces; free some, and try again.",
            _ => $"the kernel says \"{Text(errno)}\".",
        };
    }

    const string NoDescriptors = "This process has as many open files as it may have: raise its limit (ulimit -n), or close some.";

    static TeredoException Of(int errno, string sentence) => new(TeredoError.KernelSocketsUnavailable, sentence, new Win32Exception(errno));

    static TeredoError DeviceError(int errno) => errno is Libc.EPERM or Libc.EACCES ? TeredoError.AccessDenied : TeredoError.NetworkDeviceUnavailable;

    static string Text(int errno) => string.Create(CultureInfo.InvariantCulture, $"{new Win32Exception(errno).Message}, error {errno}");

    static string? Switch(string name)
    {
        try
        {
            return File.ReadAllText("/proc/sys/" + name).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
