using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests;

/// <summary>Skips all tests of this assembly, with the list of what is missing, where no lab can be built.</summary>
[SetUpFixture]
public class Requirements
{
    /// <summary>Each program (or file) and the Debian package that has it.</summary>
    static readonly (string Program, string Package)[] Programs =
    [
        ("ip", "iproute2"), ("ethtool", "ethtool"), ("nft", "nftables"), ("conntrack", "conntrack"), ("tcpdump", "tcpdump"), ("ping", "iputils-ping"),
        ("setpriv", "util-linux"), ("unshare", "util-linux"), ("miredo", "miredo"), ("miredo-server", "miredo-server"), ("miniupnpd", "miniupnpd"),
        ("nginx", "nginx-light"), ("curl", "curl"), ("socat", "socat"), ("tshark", "tshark"), ("gcc", "gcc"), ("iperf3", "iperf3"), (LwipPeer.Header, "liblwip-dev"),
        ("systemctl", "systemd"), ("dbus-daemon", "dbus"), ("firewall-cmd", "firewalld"), ("ufw", "ufw"),
        ("sudo", "sudo"), ("script", "bsdutils"),
    ];

    [OneTimeSetUp]
    public async Task Check()
    {
        var missing = OperatingSystem.IsLinux() ? await MissingAsync() : ["Linux"];
        if (missing.Count > 0)
            Assert.Ignore($"The lab of network namespaces needs: {string.Join("; ", missing)}.");
    }

    [OneTimeTearDown]
    public void RemoveCopies() => BuildOutput.RemoveCopies();

    static async Task<List<string>> MissingAsync()
    {
        List<string> missing = [.. Programs.Where(needed => !IsInstalled(needed.Program))
            .Select(needed => $"{needed.Program} (package {needed.Package})")];
        if (Native.EffectiveUser() != 0)
            missing.Add("root");
        else if (missing.Count == 0 && await RefusalAsync() is { } refusal)
            missing.Add(refusal);
        if (!IsReadableByAll(BuildOutput.DotnetRoot))
            missing.Add($"a .NET installation that every user may read ({BuildOutput.DotnetRoot} is not)");
        return missing;
    }

    static bool IsInstalled(string program) =>
        new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin" }
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    static bool IsReadableByAll(string folder)
    {
        for (var directory = new DirectoryInfo(folder); directory is not null; directory = directory.Parent)
        {
            if ((File.GetUnixFileMode(directory.FullName) & UnixFileMode.OtherExecute) == 0)
                return false;
        }
        return true;
    }

    // Root is not enough in a container without the rights to make namespaces.
    static async Task<string?> RefusalAsync()
    {
        await using var lab = new Lab();
        lab.AddNat("nat", NatKind.FullCone).AddHost("host");
        try
        {
            await lab.StartAsync();
            return null;
        }
        catch (Exception refused) when (refused is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return $"the rights and kernel parts to build it (a first one failed: {refused.Message})";
        }
    }
}
