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
    const string WithoutThem = "Or use no kernel sockets: sockets inside the process need no namespaces.";

    /// <summary>New user and network namespaces were refused.</summary>
    public static TeredoException OfNamespaces(int errno) => Of(errno, FindingOfNamespaces(errno, Switch));

    /// <inheritdoc cref="OfNamespaces"/>
    /// <param name="errno">What the kernel said.</param>
    /// <param name="read">Reads a file of /proc/sys; returns null when there is no such file.</param>
    public static Finding FindingOfNamespaces(int errno, Func<string, string?> read)
    {
        var refusal = WhatRefuses(errno, read);
        return new()
        {
            Id = FindingIds.LinuxNamespacesRefused,
            Severity = FindingSeverity.Warning,
            Subject = "user namespaces",
            Problem = $"This process may not create a private network: {refusal.What}.",
            Evidence = [$"clone(CLONE_NEWUSER | CLONE_NEWNET): {Text(errno)}", .. Switches.Select(name => (name, read(name))).Where(one => one.Item2 is not null)
                .Select(one => $"/proc/sys/{one.name}: {one.Item2}")],
            SetBy = refusal.SetBy,
            Fix = new()
            {
                Sentence = $"{char.ToUpperInvariant(refusal.Remedy[0])}{refusal.Remedy[1..]}. {WithoutThem}",
                Command = refusal.Command,
                NeedsAdministrator = refusal.Command is not null,
            },
            Error = TeredoError.KernelSocketsUnavailable,
        };
    }

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
                : FindingOfKernelWithoutIPv6([]).Sentence),
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
    public static TeredoException OfTunFile(int errno, string path) => Of(errno, FindingOfTunFile(errno, path));

    /// <inheritdoc cref="OfTunFile"/>
    public static Finding FindingOfTunFile(int errno, string path)
    {
        var (problem, remedy, command) = WhatIsWrongWithTun(errno, path);
        return new()
        {
            Id = FindingIds.LinuxTunUnavailable,
            Severity = FindingSeverity.Warning,
            Subject = path,
            Problem = problem,
            Evidence = [$"open({path}): {Text(errno)}"],
            Fix = remedy is null ? null : new() { Sentence = remedy, Command = command, NeedsAdministrator = command is not null },
            Error = TeredoError.KernelSocketsUnavailable,
        };
    }

    static (string Problem, string? Remedy, string? Command) WhatIsWrongWithTun(int errno, string path) => errno switch
    {
        // The node stays when the kernel was upgraded, but the running kernel's modules are gone from the disk.
        Libc.ENODEV or Libc.ENXIO => ($"{path} has no driver behind it.", "Load the kernel's module (modprobe tun). After a kernel upgrade, reboot first; "
            + "in a container, its host needs the module.", "modprobe tun"),
        Libc.ENOENT => ($"There is no TUN device at {path}.", "Load the kernel's module (modprobe tun); in a container, start it with --device "
            + "/dev/net/tun.", "modprobe tun"),
        Libc.EACCES => ($"This user may not open {path}.", $"An administrator allows it with chmod 0666 {path}, or for good with the udev rule "
            + "KERNEL==\"tun\", MODE=\"0666\".", $"chmod 0666 {path}"),
        Libc.EPERM => ($"This process may not open {path}: a container's device rules forbid it.", "Start the container with --device /dev/net/tun.", null),
        Libc.EMFILE or Libc.ENFILE => (NoDescriptors, null, null),
        _ => ($"{path} can't be opened ({Text(errno)}).", null, null),
    };

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
            Libc.EMFILE or Libc.ENFILE => NoDescriptors,
            Libc.EACCES => $"{change} on {name} is not possible: {FindingOfNoIPv6([]).Sentence}",
            _ => $"{change} on {name} failed ({cause.Message}).",
        }, cause);

    /// <summary>The kernel has no IPv6 at all.</summary>
    /// <param name="evidence">What was read.</param>
    public static Finding FindingOfKernelWithoutIPv6(IReadOnlyList<string> evidence) => new()
    {
        Id = FindingIds.LinuxKernelWithoutIPv6,
        Severity = FindingSeverity.Warning,
        Subject = "IPv6",
        Problem = "The kernel has IPv6 switched off.",
        Evidence = evidence,
        SetBy = "kernel command line",
        Fix = new() { Sentence = "Start it without ipv6.disable=1.", NeedsAdministrator = true },
        Error = TeredoError.KernelSocketsUnavailable,
    };

    /// <summary>New devices of the machine get no IPv6.</summary>
    /// <param name="evidence">What was read.</param>
    public static Finding FindingOfNoIPv6(IReadOnlyList<string> evidence)
    {
        const string command = "sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0";
        return new()
        {
            Id = FindingIds.LinuxIPv6SwitchedOff,
            Severity = FindingSeverity.Warning,
            Subject = "IPv6",
            Problem = "IPv6 is switched off for new devices.",
            Evidence = evidence,
            SetBy = "sysctl",
            Fix = new() { Sentence = $"Switch it on with {command}.", Command = command, NeedsAdministrator = true },
            Error = TeredoError.NetworkDeviceUnavailable,
        };
    }

    /// <summary>The device's address was restored, and taken away again, several times.</summary>
    public static TeredoException OfTakenAddress(string name, System.Net.IPAddress address) => new(TeredoError.NetworkDeviceUnavailable,
        $"Another program takes {address} away from the network device {name} again and again. Find it (\"ip monitor\" shows when; a network manager "
        + $"can be told to leave {name} alone), and start again.");

    /// <summary>The device's reader ended with a failure.</summary>
    public static TeredoException OfLoss(string name, int errno) => new(TeredoError.NetworkDeviceUnavailable,
        $"The network device {name} is gone ({Text(errno)}): another program removed it. Start again.", new Win32Exception(errno));

    /// <summary>The TUN device node could not be opened for a device of the machine.</summary>
    public static TeredoException OfHostTunFile(int errno, string path) =>
        Of(errno, FindingOfTunFile(errno, path) with { Severity = FindingSeverity.Error, Error = DeviceError(errno) });

    /// <summary>What refuses, and what to do about it: parts of a sentence.</summary>
    /// <param name="What">What is off or forbidden.</param>
    /// <param name="Remedy">What to do.</param>
    /// <param name="Command">The command that does it, or null.</param>
    /// <param name="SetBy">Who set it, or null when that is not known.</param>
    public readonly record struct Refusal(string What, string Remedy, string? Command = null, string? SetBy = null)
    {
        public override string ToString() => $"{What}; {Remedy}.";
    }

    /// <summary>Names the switch or limit of the system that refuses.</summary>
    /// <inheritdoc cref="FindingOfNamespaces"/>
    public static Refusal WhatRefuses(int errno, Func<string, string?> read)
    {
        bool isLimit = errno is Libc.ENOSPC or Libc.EUSERS;
        if (read(Switches[0]) == "0")
            return BySysctl("user namespaces are switched off", "user.max_user_namespaces=10000");
        if (read(Switches[1]) == "0")
            return BySysctl("network namespaces are switched off", "user.max_net_namespaces=10000");
        if (isLimit)
            return new("the limit of namespaces is reached", "end other programs that use some, or raise user.max_user_namespaces and "
                + "user.max_net_namespaces with sysctl");
        if (errno is Libc.EPERM or Libc.EACCES)
        {
            if (read(Switches[2]) == "0")
                return BySysctl("only root may use user namespaces here", "kernel.unprivileged_userns_clone=1");
            if (read(Switches[3]) == "1")
            {
                var refusal = BySysctl("AppArmor restricts user namespaces", "kernel.apparmor_restrict_unprivileged_userns=0");
                return refusal with { Remedy = refusal.Remedy + ", or with an AppArmor profile for this program that has the rule \"userns,\"", SetBy = "AppArmor" };
            }
            return new("a container, a seccomp filter, SELinux or a chroot forbids user namespaces", "start the container with a seccomp profile that allows "
                + "clone and setns with CLONE_NEWUSER, or run this outside of it");
        }
        return errno switch
        {
            Libc.EINVAL or Libc.ENOSYS => new("this kernel has no user or network namespaces", "use one with CONFIG_USER_NS and CONFIG_NET_NS"),
            Libc.EAGAIN => new("the limit on processes is reached", "raise ulimit -u, or the pids limit of the container"),
            Libc.ENOMEM => new("the kernel is out of memory for namespaces", "free some, and try again"),
            _ => new($"the kernel says \"{Text(errno)}\"", "try again"),
        };
    }

    static readonly string[] Switches =
    [
        "user/max_user_namespaces", "user/max_net_namespaces", "kernel/unprivileged_userns_clone", "kernel/apparmor_restrict_unprivileged_userns",
    ];

    static Refusal BySysctl(string what, string setting) =>
        new(what, $"an administrator allows them with sysctl -w {setting}", $"sysctl -w {setting}", "sysctl");

    const string NoDescriptors = "This process has reached its limit on open files: raise the limit (ulimit -n), or close some files.";

    static TeredoException Of(int errno, string sentence) => new(TeredoError.KernelSocketsUnavailable, sentence, new Win32Exception(errno));

    static TeredoException Of(int errno, Finding finding) => finding.ToException(new Win32Exception(errno));

    static TeredoError DeviceError(int errno) => errno is Libc.EPERM or Libc.EACCES ? TeredoError.AccessDenied : TeredoError.NetworkDeviceUnavailable;

    static string Text(int errno) => string.Create(CultureInfo.InvariantCulture, $"{new Win32Exception(errno).Message}, error {errno}");

    /// <summary>A switch of /proc/sys, or null when there is none.</summary>
    public static string? Switch(string name)
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
