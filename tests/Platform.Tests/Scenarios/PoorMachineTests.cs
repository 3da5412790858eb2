using System.Globalization;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>A machine that has little: nothing may be written, there is no home, one processor, few processes, little memory.</summary>
public class PoorMachineTests : LabTests
{
    const int PayloadOctets = 5_000_000;
    const int MemoryKibibytes = 100 << 10;

    // Everything is read-only, then the program gets a user of its own, whose limit on processes counts no other test's.
    const string Script = """
        for place in $(cut -d ' ' -f 2 /proc/mounts | sort -r); do
            case $place in /proc*) ;; *) mount -o remount,bind,ro "$place" 2>/dev/null || true ;; esac
        done
        for place in /tmp /var/tmp "$HOME"; do
            ! touch "$place/probe" 2>/dev/null || { echo "$place can be written" >&2; exit 9; }
        done
        unset HOME TMPDIR
        processor=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
        exec setpriv --reuid 61611 --regid 61611 --clear-groups --inh-caps=-all --no-new-privs -- \
            sh -c 'ulimit -u 30; exec taskset -c "$0" "$@"' "$processor" "$0" "$@"
        """;

    [Test]
    public async Task ListenerWithEcho_OnAPoorMachine_ServesAFriend()
    {
        var (server, alice, bob) = await StartTwoHomesAsync();
        string[] listen = [TeredoProgram.Path, "listen", "5000", "--echo", .. TeredoProgram.Asking(server)];
        var poor = alice.Start("sh", ["-c", Script, .. listen]);
        var endPoint = await TeredoProgram.EndPointOfAsync(poor);
        var talk = bob.Start("sh", ["-c", $"head -c {PayloadOctets} /dev/zero | \"$0\" \"$@\" | wc -c", TeredoProgram.Path, "connect", $"{endPoint}",
            .. TeredoProgram.Asking(server)], StartOptions.User);
        Assert.That(await talk.WaitForExitAsync(Patience.LongLimit), Is.Zero, talk.Transcript);
        Assert.That(talk.Output.Trim(), Is.EqualTo($"{PayloadOctets}"), talk.Transcript + poor.Transcript);
        string status = await File.ReadAllTextAsync($"/proc/{poor.Id}/status");
        Assert.That(int.Parse(Regex.Match(status, @"VmHWM:\s*([0-9]+) kB").Groups[1].Value, CultureInfo.InvariantCulture),
            Is.LessThan(MemoryKibibytes), status);
    }
}
