using TeredoSdk.Platform.Tests.Programs;
using System.Diagnostics;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>
/// The command line that starts a program in a host: with files of its own in a mount namespace of its own, then with the user's rights.
/// Each step replaces the one before (exec), so the program has the id of the process that was started.
/// </summary>
static class Launcher
{
    /// <summary>Marks every process of a lab, also those that moved to other namespaces.</summary>
    public const string LabVariable = "TEREDO_LAB";

    // `ip netns exec` has made the mount namespace. The time goes to a file: what comes before it is not the program's own start.
    const string Script = """
        set -e
        tun=$1 namespaces=$2 user=$3 scratch=$4 stamp=$5
        shift 5
        mount --bind "$scratch/hosts" /etc/hosts
        mount --bind "$scratch/resolv.conf" /etc/resolv.conf
        mkdir -p /dev/net
        mount -t tmpfs -o mode=755 tmpfs /dev/net
        case $tun in
        ForAll) mknod -m 666 /dev/net/tun c 10 200 ;;
        ForRoot) mknod -m 600 /dev/net/tun c 10 200 ;;
        esac
        if [ "$user" != 0 ]; then
            set -- setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all --no-new-privs -- "$@"
        fi
        set -- sh -c 'date +%s%N >"$0"; cd "$HOME"; exec "$@"' "$stamp" "$@"
        case $namespaces in
        LimitIsZero)
            # A user namespace around the program whose limit for further ones is 0. Its ids are mapped from outside, then it starts
            # anew as its root, so that it may write the limit.
            ( (
                until [ "$(readlink /proc/$$/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do :; done
                echo 0 0 65536 >/proc/$$/gid_map
                echo 0 0 65536 >/proc/$$/uid_map
            ) </dev/null >/dev/null 2>&1 & )
            exec unshare --user sh -c '
                until read -r mapped </proc/self/uid_map; do :; done
                exec sh -c "echo 0 >/proc/sys/user/max_user_namespaces; exec \"\$0\" \"\$@\"" "$0" "$@"' "$@"
            ;;
        NotPermitted)
            mount --rbind / "$scratch/root"
            exec chroot "$scratch/root" "$@"
            ;;
        esac
        exec "$@"
        """;

    public static ProcessStartInfo Command(LabHost host, string program, IEnumerable<string> arguments, StartOptions options, string stamp)
    {
        uint user = options.AsUser ? LabFiles.User : 0;
        var start = ProgramStart.Of("ip",
        [
            "netns", "exec", host.Namespace.Name, "sh", "-c", Script, "launcher", options.Tun.ToString(), options.UserNamespaces.ToString(),
            user.ToString(null as IFormatProvider), host.Lab.Scratch, stamp, program, .. arguments,
        ]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = host.Lab.Scratch;
        start.Environment.Clear();
        foreach (var (name, value) in EnvironmentOf(host, options).Concat(options.Environment))
            start.Environment[name] = value;
        return start;
    }

    static IEnumerable<KeyValuePair<string, string>> EnvironmentOf(LabHost host, StartOptions options)
    {
        string home = options.AsUser ? LabFiles.Home(host.Lab) : host.Lab.Scratch;
        yield return new(LabVariable, host.Lab.Name);
        yield return new("PATH", $"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{Environment.GetEnvironmentVariable("PATH")}");
        yield return new("HOME", home);
        yield return new("TMPDIR", home);
        yield return new("LC_ALL", "C.UTF-8");
        yield return new("DOTNET_ROOT", BuildOutput.DotnetRoot);
        yield return new("DOTNET_NOLOGO", "1");
        yield return new("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
    }
}
