using System.Net.Sockets;
using System.Text;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>examples/Chat as a person runs it.</summary>
public sealed class ChatTests
{
    static readonly string[][] Ways = [[], ["--tls"], ["--in-process"], ["--in-process", "--tls"], ["--datagrams"]];

    [Slow]
    [TestCaseSource(nameof(Ways))]
    public async Task Demo_WithoutInput_SaysAGreetingBothWays(string[] way)
    {
        using var chat = new ChatProcess(way);
        var (exitCode, output, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Match(@"alice is at \[2001:0:").And.Match(@"bob is at +\[2001:0:"));
        Assert.That(output, Does.Contain("  bob sees | alice: hello, bob").And.Contain("alice sees | bob: hello, alice"));
    }

    [Slow]
    [TestCaseSource(nameof(Ways))]
    public async Task Demo_WithThreeLines_DeliversThemInOrder(string[] way)
    {
        using var chat = new ChatProcess(way);
        foreach (string line in new[] { "one", "two, with ümlaut", "bob: three" })
            chat.Type(line);
        var (exitCode, output, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output.Split('\n').Where(line => line.Contains("sees | ", StringComparison.Ordinal) && !line.Contains('*')), Is.EqualTo(new[]
        {
            "  bob sees | alice: one", "  bob sees | alice: two, with ümlaut", "alice sees | bob: three",
        }));
    }

    [Test]
    public async Task Demo_LineThatIsTooLong_FailsWithASentence()
    {
        using var chat = new ChatProcess();
        chat.Type(new string('x', 1001));
        var (exitCode, output, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(errors, Is.EqualTo("Not all lines arrived."));
        Assert.That(output, Does.Contain("too long; expected at most 1000"));
    }

    [Slow]
    [TestCaseSource(nameof(Ways))]
    public async Task Mesh_OfThree_EveryoneHearsEveryone_AndSeesWhoLeaves(string[] way)
    {
        await using var lab = new Loopback();
        string[] shared = ["--server", $"{lab.Primary},{lab.Secondary}", "--allow-private", .. way];
        using var alice = new ChatProcess(["host", "--name", "alice", .. shared]);
        string invitation = (await alice.SeeAsync("Invitation: "))["Invitation: ".Length..];
        using var bob = new ChatProcess(["join", invitation, "--name", "bob", .. shared]);
        await alice.SeeAsync("* bob joined");
        await bob.SeeAsync("* alice joined");
        using var carol = new ChatProcess(["join", invitation, "--name", "carol", .. shared]);
        await bob.SeeAsync("* carol joined");
        await carol.SeeAsync("* bob joined");

        carol.Type("hello, all");
        await alice.SeeAsync("carol: hello, all");
        await bob.SeeAsync("carol: hello, all");
        bob.Type("hello, carol");
        await alice.SeeAsync("bob: hello, carol");
        await carol.SeeAsync("bob: hello, carol");

        Assert.That((await alice.InterruptAsync()).ExitCode, Is.Zero, "Ctrl-C");
        await bob.SeeAsync("* alice left");
        await carol.SeeAsync("* alice left");
        Assert.That((await bob.FinishAsync()).ExitCode, Is.Zero, "the end of its input");
        await carol.SeeAsync("* bob left");
        Assert.That((await carol.InterruptAsync()).ExitCode, Is.Zero);
    }

    [Test]
    public async Task Join_WithAnotherFingerprint_IsRefused()
    {
        await using var lab = new Loopback();
        string[] shared = ["--server", $"{lab.Primary},{lab.Secondary}", "--allow-private"];
        using var alice = new ChatProcess(["host", "--tls", .. shared]);
        string invitation = (await alice.SeeAsync("Invitation: "))["Invitation: ".Length..];
        char last = invitation[^1] == '0' ? '1' : '0';
        using var mallory = new ChatProcess(["join", invitation[..^1] + last, .. shared]);
        var (exitCode, _, errors) = await mallory.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("is not the peer of the invitation"));
    }

    [TestCase("is not the peer of the invitation", "1 hello eve ESC]0;owned ESC[31m")]
    [TestCase("is not a chat", "1 hello eve INVITATION", "2 peer ESC[31mred")]
    public async Task Join_OfAHostThatSendsEscapeSequences_FailsWithASentenceWithout(string sentence, params string[] frames)
    {
        await using var lab = new Loopback();
        await using var node = await TeredoNode.StartAsync(lab.Options);
        await using var eve = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted });
        string invitation = $"{eve.TeredoEndPoint}/udp";
        using var chat = new ChatProcess("join", invitation, "--server", $"{lab.Primary},{lab.Secondary}", "--allow-private");
        var caller = (await eve.ReceiveAsync().AsTask().InTime()).RemoteEndPoint;
        foreach (string frame in frames.Prepend("+1"))
            await eve.SendToAsync(Encoding.UTF8.GetBytes(frame.Replace("INVITATION", invitation).Replace("ESC", "\e")), caller);
        var (exitCode, output, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1), errors);
        Assert.That(errors, Does.Contain(sentence));
        Assert.That((output + errors).Where(c => char.IsControl(c) && c != '\n'), Is.Empty);
    }

    [Test]
    public async Task Join_LineSaidBeforeAllPeersAreKnown_IsSeen()
    {
        await using var lab = new Loopback();
        await using var node = await TeredoNode.StartAsync(lab.Options);
        await using var alice = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted });
        string invitation = $"{alice.TeredoEndPoint}/udp";
        using var chat = new ChatProcess("join", invitation, "--server", $"{lab.Primary},{lab.Secondary}", "--allow-private");
        var caller = (await alice.ReceiveAsync().AsTask().InTime()).RemoteEndPoint;
        foreach (string frame in new[] { "+1", $"1 hello alice {invitation}", "2 say early", "3 ready" })
            await alice.SendToAsync(Encoding.UTF8.GetBytes(frame), caller);
        await chat.SeeAsync("alice: early");
    }

    [Test]
    public async Task Host_TakesTwoPeersOfOneAddress_AndTellsThemApart()
    {
        await using var lab = new Loopback();
        using var host = new ChatProcess("host", "--datagrams", "--server", $"{lab.Primary},{lab.Secondary}", "--allow-private");
        string invitation = (await host.SeeAsync("Invitation: "))["Invitation: ".Length..];
        var at = System.Net.IPEndPoint.Parse(invitation[..invitation.IndexOf("/udp", StringComparison.Ordinal)]);
        await using var crowd = await TeredoNode.StartAsync(lab.Options);
        await using var other = await TeredoNode.StartAsync(lab.Options);
        await JoinAsync(crowd, "bob");
        await host.SeeAsync("* bob joined");
        await JoinAsync(crowd, "bob");
        await host.SeeAsync("* bob(2) joined");
        await JoinAsync(crowd, "eve");
        await JoinAsync(other, "carol");
        await host.SeeAsync("* carol joined");
        Assert.That((await host.InterruptAsync()).Output, Does.Not.Contain("eve"));

        async Task JoinAsync(TeredoNode node, string name)
        {
            var socket = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }); // its node closes it
            await socket.SendToAsync(Encoding.UTF8.GetBytes($"1 join {name} {socket.TeredoEndPoint}/udp"), at);
        }
    }

    [Test]
    public async Task Join_WithTlsByAnInvitationWithoutFingerprint_IsABadArgument()
    {
        using var chat = new ChatProcess("join", "[2001::1]:4242", "--tls");
        var (exitCode, _, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.StartWith("--tls needs an invitation with a fingerprint"));
    }

    [Test]
    public async Task Tls_OverDatagrams_IsABadArgument()
    {
        using var chat = new ChatProcess("--tls", "--datagrams");
        var (exitCode, _, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.StartWith("'--tls' does not go with '--datagrams'"));
    }

    [Test]
    public async Task Demo_WithoutUserNamespaces_HasTcpInsideTheProcess()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("User namespaces exist on Linux only.");
        // A namespace of its own, in which no further one may be made; the machine's setting stays.
        const string script = "echo 0 >/proc/sys/user/max_user_namespaces && echo 0 >/proc/sys/user/max_net_namespaces && exec \"$0\" \"$@\"";
        using var chat = ChatProcess.Under("unshare", "-Ur", "sh", "-c", script);
        var (exitCode, output, errors) = await chat.FinishAsync();
        if (errors.StartsWith("unshare:", StringComparison.Ordinal))
            Assert.Ignore(errors);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("Lines go over TCP inside the process, unencrypted"));
        Assert.That(output, Does.Contain("  bob sees | alice: hello, bob").And.Contain("alice sees | bob: hello, alice"));
    }

    [TestCase("chat")]
    [TestCase("join", "192.0.2.1:4242")]
    [TestCase("join", "[2001::1]:4242#beef")]
    [TestCase("--port", "many")]
    [TestCase("--color")]
    public async Task BadArguments_ExitWith2AndASentence(params string[] arguments)
    {
        using var chat = new ChatProcess(arguments);
        var (exitCode, _, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain($"'{arguments[^1]}'"));
    }

    [Test]
    public async Task Host_NoServer_ExitsWith1AndTheAdvice()
    {
        using var chat = new ChatProcess("host");
        var (exitCode, _, errors) = await chat.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.StartWith("No Teredo server is configured."));
    }
}
