using System.ComponentModel;
using System.Globalization;
using System.Runtime.Versioning;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Turns an errno into a sentence for the user: what refuses, and what to do next.</summary>
[SupportedOSPlatform("linux")]
static class LinuxProblems
{
    const string IPv6Settings = "/proc/sys/net/ipv6";
    const string WithoutThem = "Or use no kernel sockets: datagrams inside the process need no namespaces.";

    /// <summary>New user and network namespaces were refused.</summary>
    public static TeredoException OfNamespaces(int errno) =>
        Of(errno, $"This process may not create a private network: {WhatRefuses(errno, Switch)} {WithoutThem}");

    /// <summary>The namespaces of a child could not be opened.</summary>
    public static TeredoException OfNamespaceFiles(int errno) => Of(errno, errno switch
    {
        Libc.ENOENT => "The namespaces of a child process do not appear under /proc: mount the proc file system of this PID namespace there.",
        Libc.EACCES or Libc.EPERM => "This process may not read the namespaces of its own child under /proc: run it from a "
            + "program file without file capabilities and "
            + "without set-user-ID, and allow it to read /proc.",
        Libc.EMFILE or Libc.ENFILE => NoDescriptors,
        _ => $"The namespaces of a child process can't be opened under /proc ({Text(errno)}).",
    });

    /// <summary>A child failed to create a socket or a file in the private network.</summary>
    public static TeredoException OfBroker(NamespaceBroker.Outcome outcome, string tunPath)
    {
        var (step, errno, domain) = outcome;
        return step switch
        {
            NamespaceBroker.Step.Open => OfTunFile(errno, tunPath),
            NamespaceBroker.Step.CreateSocket when errno is Libc.EAFNOSUPPORT or Libc.EPERM or Libc.EACCES => Of(errno, domain == Libc.AF_NETLINK
                ? "A sandbox forbids netlink sockets, which set up the private network: allow them (with systemd: AF_NETLINK in "
                    + "RestrictAddressFamilies)."
                : Directory.Exists(IPv6Settings) ? "A sandbox forbids IPv6 sockets: allow them (with systemd: AF_INET6 in RestrictAddressFamilies)."
                : "The kernel has IPv6 switched off: start it without ipv6.disable=1."),
            _ when errno is Libc.EMFILE or Libc.ENFILE => Of(errno, NoDescriptors),
            NamespaceBroker.Step.EnterUserNamespace or NamespaceBroker.Step.EnterNetworkNamespace =>
                Of(errno, "This process may not enter the private network that it created: " + (errno is Libc.EPERM or Libc.EACCES
                    ? $"{WhatRefuses(errno, Switch)} {WithoutThem}" : $"the kernel says \"{Text(errno)}\"; try again.")),
            NamespaceBroker.Step.Fork when errno == 0 =>
                Of(errno, "A short-lived child of this process was killed by another program before it finished: try again."),
            NamespaceBroker.Step.Fork => Of(errno, $"This process can't start the short-lived child that it needs: {WhatRefuses(errno, Switch)}"),
            _ => Of(errno, $"The private network can't be set up (step {step} failed): {Text(errno)}."),
        };
    }

    /// <summary>The TUN device node could not be opened.</summary>
    public static TeredoException OfTunFile(int errno, string path) => Of(errno, errno switch
    {
        // The node stays when the kernel was upgraded, but the running kernel's modules are gone from the disk.
        Libc.ENODEV or Libc.ENXIO => $"{path} has no driver behind it: load the kernel's module (modprobe tun). After a kernel upgrade, reboot first; in a "
            + "container, its host needs the module.",
        Libc.ENOENT => $"There is no TUN device at {path}: load the kernel's module (modprobe tun); in a container, "
            + "start it with --device /dev/net/tun.",
        Libc.EACCES => $"This user may not open {path}: an administrator allows it with chmod 0666 {path}, or for good with the udev rule "
            + "KERNEL==\"tun\", MODE=\"0666\".",
        Libc.EPERM => $"This process may not open {path}: a container's device rules forbid it; start it with --device /dev/net/tun.",
        Libc.EMFILE or Libc.ENFILE => NoDescriptors,
        _ => $"{path} can't be opened ({Text(errno)}).",
    });

    /// <summary>A device could not be created or configured.</summary>
    public static TeredoException OfDevice(Win32Exception cause, string name, bool isInHost)
    {
        int errno = cause.NativeErrorCode;
        string sentence = errno switch
        {
            Libc.EBUSY => $"The device name {name} is in use: choose another, or end the program that holds it.",
            Libc.EINVAL => $"{name} can't be created as a TUN device: another kind of interface has this name, or the name is "
                + "not valid. Choose another name.",
            Libc.EMFILE or Libc.ENFILE => NoDescriptors,
            Libc.EPERM when isInHost => $"Creating the network device {name} needs CAP_NET_ADMIN: run this as root, or give "
                + "the program file the capability "
                + "(setcap cap_net_admin+ep FILE).",
            Libc.EPERM => $"This process may not set up the device {name} in its private network: {WhatRefuses(errno, Switch)} {WithoutThem}",
            _ => $"The network device {name} can't be set up ({Text(errno)}).",
        };
        return new(isInHost ? DeviceError(errno) : TeredoError.KernelSocketsUnavailable, sentence, cause);
    }

    /// <summary>An address or a route could not be set or removed.</summary>
    public static TeredoException OfChange(Win32Exception cause, string change, string name) => new(TeredoError.NetworkDeviceUnavailable,
        cause.NativeErrorCode switch
        {
            Libc.EPERM => $"{change} on {name} needs CAP_NET_ADMIN, which this process does not have: run it as root.",
            Libc.EEXIST => $"{change} on {name} is not possible: it exists already. Remove it, or end the program that created it.",
            Libc.ENODEV => $"{change} on {name} is not possible: the device is gone.",
            Libc.EACCES => $"{change} on {name} is not possible: IPv6 is switched off for new devices. Switch it on with sysctl -w "
                + "net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0.",
            _ => $"{change} on {name} failed ({cause.Message}).",
        }, cause);

    /// <summary>The device's address was restored, and taken away again, several times.</summary>
    public static TeredoException OfTakenAddress(string name, System.Net.IPAddress address) => new(TeredoError.NetworkDeviceUnavailable,
        $"Another program takes {address} away from the network device {name} again and again. Find it (\"ip monitor\" shows when; a network manager "
        + $"can be told to leave {name} alone), and start again.");

    /// <summary>The device's reader ended with a failure.</summary>
    public static TeredoException OfLoss(string name, int errno) => new(TeredoError.NetworkDeviceUnavailable,
        $"The network device {name} is gone ({Text(errno)}): another program removed it. Start again.", new Win32Exception(errno));

    /// <summary>The TUN device node could not be opened for a device of the machine.</summary>
    public static TeredoException OfHostTunFile(int errno, string path) =>
        new(DeviceError(errno), OfTunFile(errno, path).Message, new Win32Exception(errno));

    /// <summary>Names the switch or limit of the system that refuses.</summary>
    /// <param name="errno">What the kernel said.</param>
    /// <param name="read">Reads a file of /proc/sys; returns null when there is no such file.</param>
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
                return "only root may use user namespaces here; an administrator allows them with sysctl -w kernel.unprivileged_userns_clone=1.";
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
            Libc.EAGAIN => "the limit on processes is reached; raise ulimit -u, or the pids limit of the container.",
            Libc.ENOMEM => "the kernel is out of memory for namespaces; free some, and try again.",
            _ => $"the kernel says \"{Text(errno)}\".",
        };
    }

    const string NoDescriptors = "This process has reached its limit on open files: raise the limit (ulimit -n), or close some files.";

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
