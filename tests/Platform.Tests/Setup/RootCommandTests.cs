using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Setup;

/// <summary><c>teredo setup --service</c> of somebody who is not root, at a terminal, with the real sudo.</summary>
public class RootCommandTests : LabTests
{
    // A user who may use sudo without a password, one who may not, and a firewall of which only root can read the rules.
    const string Users = """
        echo 'ann:x:4001:4001::/:/bin/sh' >>/etc/passwd
        echo 'bob:x:4002:4002::/:/bin/sh' >>/etc/passwd
        printf 'ann:*:19000:0:99999:7:::\nbob:*:19000:0:99999:7:::\n' >>/etc/shadow
        mkdir -p /etc/sudoers.d
        echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/room
        chmod 440 /etc/sudoers.d/room
        """;

    static readonly (string, string) Consent = ("sudo may ask", "y");

    static readonly string Line = $"{MachineRoom.Program} setup --service server -- --address 203.0.113.1 --allow-private";

    [Test]
    public async Task Setup_AndItsRemoval_AreAppliedByRoot_AfterOneConsent()
    {
        var room = await EnterAsync();
        string before = await room.SnapshotAsync();
        string said = await AtTerminalAsync(room, "ann", Line, Consent);
        Assert.That(said, Does.Contain("Do this, with root's rights? sudo may ask once more.").And.Contain("done: ").And.Contain("exit 3"));
        Assert.That(said.Split("[y/N]"), Has.Length.EqualTo(2), "one question");
        Assert.That(await room.ShellAsync("stat -c %U /etc/systemd/system/teredo-server.service"), Does.StartWith("root"));
        said = await AtTerminalAsync(room, "ann", $"{MachineRoom.Program} remove --service server --yes");
        Assert.That(said, Does.Contain("exit 0"));
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task PlanThatRootReadsOtherwise_IsShown_AndAskedForAgain()
    {
        var room = await EnterAsync();
        await room.ShellAsync("nft add table inet filter\nnft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'");
        string before = await room.SnapshotAsync();
        string said = await AtTerminalAsync(room, "ann", Line, Consent, ("another one than", "n"));
        Assert.That(said, Does.Contain("With root's rights the plan is another one than was confirmed").And.Contain("because you did not consent.").And.Contain("exit 1"));
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before), "nothing is half done");
        said = await AtTerminalAsync(room, "ann", Line, Consent, ("another one than", "y"));
        Assert.That(said, Does.Contain("done: "));
        Assert.That(await room.ShellAsync("nft list ruleset"), Does.Contain("3544"));
    }

    [Test]
    public async Task WhoMayNotBecomeRoot_IsToldSo_AndNothingChanges()
    {
        var room = await EnterAsync();
        string before = await room.SnapshotAsync();
        string said = await AtTerminalAsync(room, "bob", $"{Line.Replace(" -- ", " --yes -- ", StringComparison.Ordinal)}", ("password for bob", "wrong"));
        Assert.That(said, Does.Contain("was not answered with a consent; nothing was changed.").And.Contain("exit 1"));
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
        said = await AtTerminalAsync(room, "ann", $"{Line.Replace(" -- ", " --no-elevate -- ", StringComparison.Ordinal)}");
        Assert.That(said, Does.Contain("This needs root's rights; nothing was changed. Run:").And.Contain($"sudo {MachineRoom.Program} setup"));
    }

    [Test]
    public async Task ProgramThatAUserCanChange_IsNotStartedAsRoot()
    {
        var room = await EnterAsync();
        await room.ShellAsync("cp -r /opt/teredo /opt/own; chown -R 4001 /opt/own");
        string before = await room.SnapshotAsync();
        string said = await AtTerminalAsync(room, "ann", "/opt/own/teredo remove --service server --yes");
        Assert.That(said, Does.Contain("exit 0").And.Not.Contain("sudo"), "there is nothing to do");
        await AtTerminalAsync(room, "ann", Line.Replace(" -- ", " --yes -- ", StringComparison.Ordinal));
        said = await AtTerminalAsync(room, "ann", "/opt/own/teredo remove --service server --yes");
        Assert.That(said, Does.Contain("Not only root can change /opt/own").And.Contain("sudo ").And.Contain("exit 1"));
        await room.ShellAsync("cp -r /opt/teredo /opt/shut; mkdir -m 700 /opt/shut/private");
        said = await AtTerminalAsync(room, "ann", "/opt/shut/teredo remove --service server --yes");
        Assert.That(said, Does.Contain("read who may change /opt/shut/teredo").And.Contain("sudo ").And.Contain("exit 1"), "a folder that only root may look into");
        await AtTerminalAsync(room, "ann", $"{MachineRoom.Program} remove --service server --yes");
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
    }

    // script(1) makes the terminal at which sudo asks. Each answer is typed when its question is there.
    static async Task<string> AtTerminalAsync(MachineRoom room, string user, string line, params (string Question, string Answer)[] answers)
    {
        string id = (await room.ShellAsync($"id -u {user}")).Trim();
        var typing = answers.Select(one => $"until grep -q '{one.Question}' /tmp/said; do sleep 0.05; done; printf '{one.Answer}\\n'");
        return await room.ShellAsync($$"""
            rm -f /tmp/said; touch /tmp/said
            ({{string.Join("; ", typing.Append("sleep 0.1"))}}) | timeout {{Patience.Limit.TotalSeconds}} script -qefc \
                'setpriv --reuid {{id}} --regid {{id}} --clear-groups env DOTNET_ROOT={{BuildOutput.DotnetRoot}} {{line}}' /tmp/said >/dev/null && code=0 || code=$?
            cat /tmp/said
            echo "exit $code"
            """);
    }

    async Task<MachineRoom> EnterAsync()
    {
        var lab = NewLab();
        var host = lab.AddServer();
        await lab.StartAsync();
        var room = await MachineRoom.EnterAsync(host);
        await room.ShellAsync(Users);
        return room;
    }
}
