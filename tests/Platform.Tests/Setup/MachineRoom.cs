using System.Globalization;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Platform.Tests.Setup;

/// <summary>
/// A Linux machine that a setup may change: a host of the lab whose /etc, /var and /run are its own, for as long as it runs, with the command teredo
/// installed in /opt/teredo. Where systemd is wanted, a real one is its process 1.
/// </summary>
sealed class MachineRoom
{
    public const string Program = "/opt/teredo/teredo";

    // What changes goes to memory. Under an overlay everything is as on this machine, but for its own units that are enabled.
    const string Furnish = """
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run
        mkdir -p /run/lock /run/dbus /run/user /run/opt
        cp -r "$1" /run/opt/teredo
        mount --bind /run/opt /opt
        mount -t tmpfs tmpfs /tmp
        for folder in etc var; do
            mkdir -p /run/upper/$folder /run/scratch/$folder
            mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/run/upper/$folder,workdir=/run/scratch/$folder" /$folder
        done
        rm -rf /etc/systemd/system/*.wants /etc/systemd/system/teredo-*
        """;

    const string Sleep = $"{Furnish}\necho furnished; exec sleep infinity";

    // A target with nothing in it but services that a test starts. The folders of devices and of the kernel's settings are not written to.
    const string Boot = $$"""
        {{Furnish}}
        umount -R /sys/fs/cgroup 2>/dev/null || true
        mount -t cgroup2 none /sys/fs/cgroup
        for folder in /lib/systemd/system/sysinit.target.wants /lib/systemd/system/basic.target.wants; do
            mount -t tmpfs tmpfs "$(readlink -f $folder)" 2>/dev/null || true
        done
        printf '[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\n' >/etc/systemd/system/room.target
        printf '[Service]\nExecStart=/bin/true\n' >/etc/systemd/system/room-probe.service
        container=room exec /lib/systemd/systemd --system --unit=room.target --log-target=null --show-status=no
        """;

    readonly LabHost _host;
    readonly int _process;
    readonly string[] _entry;

    MachineRoom(LabHost host, int process, string namespaces)
    {
        (_host, _process) = (host, process);
        _entry = ["nsenter", "-t", $"{process}", .. namespaces.Split(' ')];
    }

    public LinuxMachine Machine => field ??= new(Root, _entry);

    /// <summary>A machine that fails at a change.</summary>
    public FaultyMachine Faulty(Fault fault, int at) => new(Root, _entry, fault, at);

    string Root => $"/proc/{_process}/root";

    /// <summary>A machine without systemd as its process 1.</summary>
    public static async Task<MachineRoom> EnterAsync(LabHost host)
    {
        var process = host.Start("sh", ["-c", Sleep, "room", Installed]);
        await process.WaitForLineAsync("furnished");
        return new(host, process.Id, "-m -n");
    }

    /// <summary>A machine that systemd runs.</summary>
    public static async Task<MachineRoom> BootAsync(LabHost host)
    {
        var process = host.Start("unshare", ["-p", "-f", "-C", "-i", "-m", "--mount-proc", "--kill-child", "sh", "-c", Boot, "room", Installed]);
        string children = $"/proc/{process.Id}/task/{process.Id}/children";
        using var late = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            Assert.That(process.HasExited, Is.False, () => process.Transcript);
            // At first the children are those of the launcher.
            if (int.TryParse(File.ReadAllText(children).Trim(), CultureInfo.InvariantCulture, out int init)
                && new MachineRoom(host, init, "-m -n -p -C -i") is { Machine.IsBooted: true } room
                && (await room.Machine.RunAsync("systemctl", ["is-active", "room.target"], late.Token)).Output.Trim() == "active")
                return room;
            await Task.Delay(20, late.Token);
        }
    }

    static string Installed => Path.GetDirectoryName(BuildOutput.Executable("src/TeredoSdk.Cli", "teredo"))!;

    /// <summary>Runs a script in it; it must end with 0.</summary>
    public async Task<string> ShellAsync(string script) =>
        await Shell.RunAsync($"exec {string.Join(' ', _entry)} sh -e -s <<'SCRIPT'\n{script}\nSCRIPT\n");

    /// <summary>Starts a program in it that stays.</summary>
    public LabProcess Start(params string[] line) => _host.Start(_entry[0], [.. _entry[1..], .. line]);

    /// <summary>Runs the command, as root, and returns its exit code.</summary>
    public async Task<(int Code, LabProcess Process)> TeredoAsync(params string[] arguments)
    {
        var process = Start(["env", $"DOTNET_ROOT={BuildOutput.DotnetRoot}", Program, .. arguments]);
        process.Input.Close();
        return (await process.WaitForExitAsync(), process);
    }

    /// <summary>All that a setup could change: files with their modes and contents, links, and the rules in force, without counters.</summary>
    public Task<string> SnapshotAsync() => ShellAsync("""
        cd /
        places="etc/systemd etc/firewalld etc/ufw $(ls -d var/lib/teredosdk 2>/dev/null || true)"
        find $places -printf '%p %y %m %u %l\n' | sort
        find $places -type f -print0 | sort -z | xargs -0 sha256sum
        nft -s list ruleset
        """);
}
