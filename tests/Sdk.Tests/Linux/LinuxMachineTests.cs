using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>How a setup writes files and runs programs. The programs are those of this machine.</summary>
[Platform("Linux"), SupportedOSPlatform("linux"), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LinuxMachineTests : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("teredosdk-machine-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    static Task<ProgramResult> ShellAsync(string command, CancellationToken token = default) => LinuxMachine.Current.RunAsync("sh", ["-c", command], token).InTime();

    [DllImport("libc", EntryPoint = "umask")]
    static extern int SetMask(int mask);

    [Test, NonParallelizable]
    public void File_IsWrittenWhole_ForEverybodyToRead_AndDeleted()
    {
        const string path = "/etc/teredo/record";
        var machine = new LinuxMachine(_root);
        machine.WriteFile(path, null); // there is not even a folder
        Assert.That(machine.ReadFile(path), Is.Null);
        machine.WriteFile(path, "former\n");
        File.WriteAllText(machine.At(path) + ".teredo-new", "what a crash left");
        int mask = SetMask(0); // it may not be what keeps others from writing
        machine.WriteFile(path, "new é\n");
        Assert.That(SetMask(mask), Is.Zero);
        Assert.That(machine.ReadFile(path), Is.EqualTo("new é\n"));
        const UnixFileMode everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        Assert.That(File.GetUnixFileMode(machine.At(path)), Is.EqualTo(everybody), "nobody else writes it, and nobody runs it");
        Assert.That(Directory.GetFiles(machine.At("/etc/teredo")), Is.EqualTo(new[] { machine.At(path) }));
        machine.WriteFile(path, null);
        Assert.That(Directory.GetFiles(machine.At("/etc/teredo")), Is.Empty);
    }

    [Test]
    public void Program_IsLookedForInTheFoldersOfTheSystem()
    {
        var machine = new LinuxMachine(_root);
        Assert.That(machine.Find("nft"), Is.Null);
        foreach (string folder in new[] { "/bin", "/sbin", "/usr/bin", "/usr/sbin" }) // the last comes first
        {
            Directory.CreateDirectory(machine.At(folder));
            File.WriteAllText(machine.At($"{folder}/nft"), "");
            Assert.That(machine.Find("nft"), Is.EqualTo($"{folder}/nft"));
        }
        Assert.That(() => machine.RunAsync("ufw", [], default), Throws.InstanceOf<TeredoException>().With.Message.EqualTo("The program ufw is not installed."));
    }

    [Test]
    public async Task Result_HasTheCodeAndBothTexts()
    {
        Assert.That(await ShellAsync("echo out; echo wrong >&2; exit 3"), Is.EqualTo(new ProgramResult(3, "out\n", "wrong\n")));
        Assert.That((await ShellAsync("cat")).Output, Is.Empty, "it waits for no input");
        Assert.That((await ShellAsync("echo $LC_ALL $PATH")).Output, Is.EqualTo("C.UTF-8 /usr/sbin:/usr/bin:/sbin:/bin\n"));
        Assert.That((await new LinuxMachine("", "/bin/sh", "-c", "echo \"$0 $1\"").RunAsync("true", ["one"], default).InTime()).Output, Is.EqualTo("/usr/bin/true one\n"));
    }

    [TestCase(1, " out\n", " first\nsecond\n", "first second")]
    [TestCase(1, "first\nsecond\n", " \n", "first second")]
    [TestCase(4, "", "", "it ended with 4")]
    public void Complaint_IsWhatTheProgramSays(int code, string output, string errors, string complaint) =>
        Assert.That(new ProgramResult(code, output, errors).Complaint, Is.EqualTo(complaint));

    [Test]
    public async Task ChangeThatFails_SaysWhatTheProgramSays()
    {
        await LinuxMachine.Current.ChangeAsync("true", [], default).InTime();
        var e = Assert.ThrowsAsync<TeredoException>(() => LinuxMachine.Current.ChangeAsync("sh", ["-c", "echo no >&2; exit 1"], default).InTime())!;
        Assert.That((e.Error, e.Message), Is.EqualTo((TeredoError.SetupFailed, "`sh -c echo no >&2; exit 1` failed: no.")));
    }

    [Test]
    public async Task ProgramOfACallThatWasGivenUp_IsEnded_WithItsChildren()
    {
        string mark = Path.Combine(_root, "started");
        using var cancel = new CancellationTokenSource();
        var running = LinuxMachine.Current.RunAsync("sh", ["-c", $"sleep 1000 & echo $! $$ > {mark}.new; mv {mark}.new {mark}; wait"], cancel.Token);
        for (var waited = Stopwatch.StartNew(); !File.Exists(mark) && waited.Elapsed < Patience.Limit;)
            await Task.Delay(1);
        string[] processes = File.ReadAllText(mark).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        await cancel.CancelAsync();
        Assert.That(async () => await running.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(processes.Select(IsRunning), Is.EqualTo(new[] { false, false }));

        static bool IsRunning(string id)
        {
            try
            {
                return File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1][0] is not ('Z' or 'X');
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
