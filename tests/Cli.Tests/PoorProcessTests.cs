using System.Text.RegularExpressions;

namespace TeredoSdk.Cli.Tests;

/// <summary>A process that has less than usual: closed standard streams, few files, no home, one processor. It works, or says one sentence.</summary>
[Platform("Linux")]
public class PoorProcessTests
{
    const string Address = "2001:0:cb00:7101::1fff:fffe";

    [Test]
    public async Task Stdin_ClosedFromTheStart_IsItsEnd()
    {
        using var loopback = await Loopback.StartAsync();
        using var listener = loopback.Start("listen", "0", "--sockets", "in-process", "-u", "--echo");
        string endPoint = await listener.ListeningAsync();
        var caller = await RunAsync("<&-", loopback.Command("connect", "-u", endPoint, "--sockets", "in-process", "--linger", "0"));
        Assert.That(caller.ExitCode, Is.Zero, caller.ToString());
    }

    [TestCase(">&-", "stdout was closed")]
    [TestCase(">&- <&-", "stdout was closed")]
    [TestCase(">/dev/full", "No space left on device")]
    [TestCase(">/dev/full <&-", "No space left on device")]
    [TestCase("1</dev/null", "can't be written to stdout")]
    public async Task Stdout_ThatTakesNothing_IsNamed(string redirections, string cause)
    {
        var result = await RunAsync(redirections, "decode", Address);
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.ErrorLines, Has.Count.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain(cause).And.Contain("edirect stdout"));
    }

    [Test]
    public async Task Help_ThatStdoutDoesNotTake_IsOneSentence([Values("--help", "--version", "status --help")] string line, [Values(">&-", ">/dev/full")] string redirections)
    {
        var result = await RunAsync(redirections, line.Split(' '));
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.ErrorLines, Has.Count.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain("edirect stdout"));
    }

    [Test]
    public async Task Stdout_ClosedFromTheStart_RefusesPayloadBeforeAnythingIsDone()
    {
        using var loopback = await Loopback.StartAsync();
        var result = await RunAsync(">&-", loopback.Command("listen", "0", "-u", "--sockets", "in-process"));
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain("stdout was closed"));
    }

    [Test]
    public async Task Stderr_ClosedFromTheStart_DisturbsNothing()
    {
        var result = await RunAsync("2>&-", "decode", Address);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text, Does.StartWith("address"));
    }

    [TestCase(40)]
    [TestCase(50)]
    [TestCase(64)]
    public async Task FewFiles_AreOneSentence(int files)
    {
        var result = await CommandProcess.RunInShellAsync($"ulimit -n {files}; exec \"$0\" \"$@\"", "listen", "5000", "--server", "127.0.0.1", "--allow-private");
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.ErrorLines, Has.Count.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain($"only {files} files").And.Contain("ulimit -n 1024"));
    }

    [TestCase(99, "only 99 files")]
    [TestCase(100, "No Teredo server is configured")]
    public async Task Failure_OfAProcessWithEnoughFiles_IsToldForWhatItIs(int files, string cause)
    {
        var result = await CommandProcess.RunInShellAsync($"ulimit -n {files}; exec \"$0\" \"$@\"", "status");
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain(cause));
    }

    [Test]
    public void Stdout_IsForWritingAlone()
    {
        var stream = StandardStreams.OpenOutput(); // and stays open: it is this process's
        Assert.That((stream.CanRead, stream.CanSeek, stream.CanWrite), Is.EqualTo((false, false, true)));
    }

    [Test]
    public async Task Environment_MayBeEmptyAndProcessorsOne()
    {
        using var loopback = await Loopback.StartAsync();
        string runtime = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var result = await CommandProcess.RunInShellAsync($"exec env -i 'DOTNET_ROOT={runtime}' taskset -c {FirstProcessor()} \"$0\" \"$@\"",
            loopback.Command("status", "--sockets", "in-process"));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text, Does.Contain("qualified"));
    }

    [Test]
    public async Task IPv6SwitchedOffForNet_LeavesAddressesAndIsNamedForNames()
    {
        const string off = "DOTNET_SYSTEM_NET_DISABLEIPV6=1 exec \"$0\" \"$@\"";
        using var loopback = await Loopback.StartAsync();
        using var listener = loopback.Start("listen", "0", "-u", "--echo", "--sockets", "in-process");
        string endPoint = await listener.ListeningAsync();
        string address = endPoint[1..endPoint.IndexOf(']')];
        var byAddress = await CommandProcess.RunInShellAsync(off, loopback.Command("ping", address, "--count", "1", "--sockets", "in-process"));
        var byName = await CommandProcess.RunInShellAsync(off, loopback.Command("ping", "localhost", "--count", "1", "--sockets", "in-process"));
        Assert.That(byAddress.ExitCode, Is.Zero, byAddress.ToString());
        Assert.That(byName.ExitCode, Is.EqualTo(1), byName.ToString());
        Assert.That(byName.Sentence, Does.Contain("DOTNET_SYSTEM_NET_DISABLEIPV6"));
    }

    static string FirstProcessor() =>
        Regex.Match(File.ReadAllText("/proc/self/status"), "Cpus_allowed_list:[^0-9]*([0-9]+)").Groups[1].Value;

    static Task<Result> RunAsync(string redirections, params string[] arguments) =>
        CommandProcess.RunInShellAsync($"exec \"$0\" \"$@\" {redirections}", arguments);
}
