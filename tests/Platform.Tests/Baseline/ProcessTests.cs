using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>Programs in a host of the lab: their rights, their files, and what the tests see of them.</summary>
public class ProcessTests : LabTests
{
    async Task<LabHost> HostAsync()
    {
        var lab = NewLab();
        var host = lab.AddPublicHost("host", native: false);
        await lab.StartAsync();
        return host;
    }

    static async Task<LabProcess> RunAsync(LabHost host, string script, StartOptions options)
    {
        var process = host.Start("sh", ["-c", script], options);
        await process.WaitForExitAsync();
        return process;
    }

    [Test]
    public async Task Program_AsUser_HasNoRootAndNoCapabilities()
    {
        const string script = "id -u; id -G; grep -E 'Cap(Prm|Eff|Amb)|NoNewPrivs' /proc/self/status; touch $HOME/file && echo home";
        var process = await RunAsync(await HostAsync(), script, StartOptions.User);
        Assert.That(process.Output, Does.Match("^65534\n65534\nCapPrm:\t0+\nCapEff:\t0+\nCapAmb:\t0+\nNoNewPrivs:\t1\nhome$"), process.Transcript);
    }

    [TestCase(TunDevice.ForAll, "open")]
    [TestCase(TunDevice.ForRoot, "Permission denied")]
    [TestCase(TunDevice.Missing, "No such file")]
    public async Task TunDevice_OfAProgram_IsAsAsked(object tun, string outcome)
    {
        var process = await RunAsync(await HostAsync(), "exec 3</dev/net/tun; echo open", StartOptions.User with { Tun = (TunDevice)tun });
        Assert.That(process.Output + process.Errors, Does.Match(outcome));
    }

    [TestCase(UserNamespaces.Allowed, "made")]
    [TestCase(UserNamespaces.LimitIsZero, "No space left on device")]
    [TestCase(UserNamespaces.NotPermitted, "Operation not permitted")]
    public async Task UserNamespaces_OfAProgram_AreAsAsked(object namespaces, string outcome)
    {
        var host = await HostAsync();
        var process = await RunAsync(host, "id -u; unshare -Urn echo made", StartOptions.User with { UserNamespaces = (UserNamespaces)namespaces });
        Assert.That(process.Output + process.Errors, Does.StartWith("65534").And.Contains(outcome));
        // For that program only.
        Assert.That((await RunAsync(host, "unshare -Urn echo made", StartOptions.User)).Output, Is.EqualTo("made"));
    }

    [Test]
    public async Task Names_OfAProgram_ComeFromTheLabOnly()
    {
        var host = await HostAsync();
        var process = await RunAsync(host, "getent ahostsv4 host.lab | head -n 1; getent hosts example.com || echo unknown", StartOptions.User);
        Assert.That(process.Output, Does.Match($"^{host.Address} .*\nunknown$"), process.Transcript);
    }

    [Test]
    public async Task Program_ReadingItsInput_GetsLinesAndTheEnd()
    {
        var process = (await HostAsync()).Start("sh", ["-c", "while read -r line; do echo got $line; done; echo end"], StartOptions.User);
        process.Input.WriteLine("one");
        await process.WaitForLineAsync("got one");
        process.Input.Close();
        Assert.That(await process.WaitForExitAsync(), Is.Zero);
        Assert.That(process.Output, Is.EqualTo("got one\nend"));
    }

    [TestCase(Signal.Interrupt)]
    [TestCase(Signal.Terminate)]
    [TestCase(Signal.Kill)]
    public async Task Program_Signalled_EndsByThatSignal(object signal)
    {
        var process = (await HostAsync()).Start("sh", ["-c", "echo ready; exec sleep 60"], StartOptions.User);
        await process.WaitForLineAsync("ready");
        process.Send((Signal)signal);
        Assert.That(await process.WaitForExitAsync(), Is.EqualTo(128 + (int)signal));
    }

    [Test]
    public async Task Program_OfARunnerThatIgnoresSignals_IgnoresNone()
    {
        var host = await HostAsync();
        string stamp = Path.Combine(host.Lab.Scratch, "stamp");
        string ignored = await IgnoredSignals.OfAsync(Launcher.Command(host, "grep", IgnoredSignals.Question, StartOptions.User, stamp));
        Assert.That(ignored, Is.EqualTo(IgnoredSignals.None));
    }

    [Test]
    public async Task Program_ThatLeavesAChildWithItsOutput_IsFoundOut()
    {
        var host = await HostAsync();
        var process = host.Start("sh", ["-c", "sleep 60 & echo left"], StartOptions.User);
        await process.WaitForExitAsync();
        Assert.That(process.OutputIsHeldOpen, Is.True);
        Assert.That(Leftovers.ProcessesOf(host.Lab.Name), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WaitForLine_ThatDoesNotCome_FailsWithTheTranscript()
    {
        var process = (await HostAsync()).Start("echo", ["something else"]);
        Assert.That(async () => await process.WaitForLineAsync("never"),
            Throws.InstanceOf<AssertionException>().With.Message.Contains("something else"));
    }

    [Test]
    public async Task DotnetProgram_AsUser_Runs()
    {
        var process = (await HostAsync()).Start(BuildOutput.Executable("examples/SimulatedInternet"), [], StartOptions.User);
        Assert.That(await process.WaitForExitAsync(), Is.Zero, process.Transcript);
        Assert.That(process.Output, Is.Not.Empty);
    }
}
