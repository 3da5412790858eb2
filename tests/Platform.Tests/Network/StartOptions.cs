namespace TeredoSdk.Platform.Tests.Network;

/// <summary>What a program finds at /dev/net/tun.</summary>
enum TunDevice
{
    /// <summary>The device, for everyone (mode 0666), as most distributions have it.</summary>
    ForAll,

    /// <summary>The device, for root only (mode 0600).</summary>
    ForRoot,

    /// <summary>Nothing.</summary>
    Missing,
}

/// <summary>What becomes of a program's wish for a user namespace.</summary>
enum UserNamespaces
{
    Allowed,

    /// <summary>user.max_user_namespaces is 0: unshare says ENOSPC.</summary>
    LimitIsZero,

    /// <summary>unshare says EPERM and no setting says why (as in some containers): the program runs in a chroot.</summary>
    NotPermitted,
}

/// <summary>How a program of the lab is started.</summary>
sealed record StartOptions
{
    /// <summary>True: as uid 65534 without any capability. False: as root.</summary>
    public bool AsUser { get; init; }

    public TunDevice Tun { get; init; } = TunDevice.ForAll;
    public UserNamespaces UserNamespaces { get; init; } = UserNamespaces.Allowed;

    /// <summary>Variables beside the few that every program gets; none comes from the tests' own environment but PATH.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>As an unprivileged user.</summary>
    public static StartOptions User { get; } = new() { AsUser = true };
}
