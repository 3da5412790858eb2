using System.Text.RegularExpressions;

namespace TeredoSdk.Cli.Tests;

/// <summary>At a terminal, the command shows that it waits, reports are tables, and a plan is asked for.</summary>
[Platform("Linux")]
public sealed partial class TerminalTests
{
    // The program of util-linux that gives a command a terminal, and copies what is typed and shown there.
    const string HasTerminal = "command -v script >/dev/null || exit 77";

    // A machine with a program that only root can change, whose changes are gone with the process.
    const string OwnMachine = "[ $(id -u) = 0 ] && command -v systemctl >/dev/null || exit 77; for folder in /etc/systemd /run /var/lib; do mount -t tmpfs none $folder || exit 77; done; "
        + "install -D /bin/true /run/app/teredo";

    [Test]
    public async Task Status_AtATerminal_IsATable()
    {
        using var lab = await Loopback.StartAsync();
        var result = await RunAsync("stty cols 200", lab.Command("status", "--sockets", "in-process"));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text, Does.Contain("\e[?25h\e[2mstate"), "the first line after the cursor is shown again");
        Assert.That(Shown(result), Does.Contain("asking for a Teredo address").And.Match(@"state +qualified").And.Match(@"server +127\.").And.Not.Contain("─"));
        var narrow = await RunAsync("stty cols 30", lab.Command("status", "--sockets", "in-process"));
        Assert.That(Shown(narrow), Does.Match(@"\nmapped endpoint 127\."), "names are in one piece, whatever the room for values");
    }

    [Test]
    public async Task Doctor_AtATerminal_TellsEachAnswer()
    {
        using var lab = await Loopback.StartAsync();
        var result = await RunAsync("stty cols 200", lab.Command("doctor", "--sockets", "in-process"));
        Assert.That(Shown(result), Does.Contain("looked at the Teredo servers").And.Contain("looked at a node of this machine").And.Contain("address     2001:"));
    }

    [TestCase("", "Do this\\? \\[y/N\\].*Nothing was changed, because you did not consent")]
    [TestCase("</dev/null", "there is no terminal to ask at")]
    [TestCase("2>/run/errors; cat /run/errors", "there is no terminal to ask at")]
    public async Task Setup_AsksAtATerminal_AndNowhereElse(string redirection, string sentence)
    {
        string[] setup = ["setup", "--service", "client", "--app", "/run/app/teredo", "--firewall", "none", "--", "--server", "192.0.2.1"];
        var result = await RunInShellAsync($"export COMMAND=\"$0 $*\"; exec unshare -rm sh -c '{OwnMachine}; echo n | script -qec \"$COMMAND {redirection}\" /dev/null'", setup);
        Assert.That(result.Text, Does.Match($"(?s)1\\. Write the unit .*{sentence}"), result.ToString());
        Assert.That(result.Text, Does.Not.Contain("done: "));
    }

    static Task<Result> RunAsync(string before, string[] arguments) =>
        RunInShellAsync($"export TERM=xterm; exec script -qec \"{before}; '$0' $*\" /dev/null", arguments);

    static async Task<Result> RunInShellAsync(string script, string[] arguments)
    {
        var result = await CommandProcess.RunInShellAsync($"{HasTerminal}; {script}", arguments);
        if (result.ExitCode == 77)
            Assert.Ignore("The program script, or a machine of its own with systemd's programs, is not here.");
        return result;
    }

    static string Shown(Result result) => Controls().Replace(result.Text, "");

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Controls();
}
