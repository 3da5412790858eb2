namespace TeredoSdk.Cli.Tests;

/// <summary>At a terminal, the command shows that it waits, and reports are tables.</summary>
[Platform("Linux")]
public sealed class TerminalTests
{
    [Test]
    public async Task Status_AtATerminal_IsATable()
    {
        using var lab = await Loopback.StartAsync();
        // The program of util-linux that gives a command a terminal, and copies what is shown there.
        const string atTerminal = "command -v script >/dev/null || exit 77; export TERM=xterm COLUMNS=200; exec script -qec \"'$0' $*\" /dev/null";
        var result = await CommandProcess.RunInShellAsync(atTerminal, lab.Command("status", "--sockets", "in-process"));
        if (result.ExitCode == 77)
            Assert.Ignore("The program script is not here.");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        string shown = System.Text.RegularExpressions.Regex.Replace(result.Text, @"\e\[[0-9;?]*[A-Za-z]", "");
        Assert.That(result.Text, Does.Contain("\e["));
        Assert.That(shown, Does.Contain("asking for a Teredo address").And.Match(@"state +qualified").And.Match(@"server +127\.").And.Not.Contain("─"));
    }
}
