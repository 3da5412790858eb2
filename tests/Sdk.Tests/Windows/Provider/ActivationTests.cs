using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>Windows' Teredo is switched on by the first way that has the outcome, with consent, and back.</summary>
public sealed class ActivationTests
{
    static readonly Version Xp = new(5, 1), Windows7 = new(6, 1);

    readonly List<ConsentKind> _asked = [];

    [SetUp]
    public void Forget() => _asked.Clear();

    ValueTask<bool> Yes(ConsentRequest request, CancellationToken cancellationToken)
    {
        _asked.Add(request.Kind);
        Assert.That(request.Question, Does.Contain("To undo it, run"));
        return ValueTask.FromResult(true);
    }

    [Test]
    public async Task Enable_ByNetsh_LastsOverAStartOfTheSystem()
    {
        var windows = new FakeWindows();
        var result = await new TeredoActivation(windows).EnableAsync("teredo.example.net", Yes, default).InTime();
        Assert.Multiple(() =>
        {
            Assert.That(windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
            Assert.That(windows.Teredo.Configuration.ServerName, Is.EqualTo("teredo.example.net"));
            Assert.That(windows.Actions, Has.None.EqualTo("WriteConfiguration"), "which reaches the active store only");
            Assert.That(_asked, Is.EqualTo(new[] { ConsentKind.EnableTeredo }));
            Assert.That(result.Previous.Type, Is.EqualTo(TeredoType.Default));
            Assert.That(result.Steps, Has.Count.EqualTo(1));
        });
        windows.Restart();
        Assert.That(windows.ReadConfiguration().Value, Has.Property("Type").EqualTo(TeredoType.EnterpriseClient).And.Property("ServerName").EqualTo("teredo.example.net"));
    }

    [Test]
    public async Task Enable_WithoutCim_ReachesNetsh()
    {
        var windows = new FakeWindows(Windows7);
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.Disabled };
        await new TeredoActivation(windows).EnableAsync("192.0.2.1", Yes, default).InTime();
        string[] expected = ["interface", "teredo", "set", "state", "type=enterpriseclient", "servername=192.0.2.1"];
        Assert.That(windows.NetshCalls, Has.One.EqualTo(expected));
        Assert.That(windows.Teredo.Configuration.ServerName, Is.EqualTo("192.0.2.1"));
    }

    [Test]
    public async Task Enable_NetshThatChangesNothing_GoesOnWithCimAndNotesIt()
    {
        var windows = new FakeWindows { Netsh = { ChangesNothing = true } };
        var result = await new TeredoActivation(windows).EnableAsync(null, Yes, default).InTime();
        Assert.That(windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        Assert.That(result.Steps[0], Does.Contain("netsh").And.Contain("Without effect"));
        Assert.That(result.Steps[^1], Does.Contain("By CIM").And.Contain("until the next start"));
    }

    [Test]
    public async Task Enable_OnXp_InstallsIPv6AndOpensThePort_EachWithConsent()
    {
        var windows = new FakeWindows(Xp);
        await new TeredoActivation(windows).EnableAsync(null, Yes, default).InTime();
        Assert.Multiple(() =>
        {
            Assert.That(_asked, Is.EqualTo(new[] { ConsentKind.InstallIPv6, ConsentKind.EnableTeredo, ConsentKind.OpenPort }));
            Assert.That(windows.NetshCalls, Has.One.EqualTo(new[] { "interface", "ipv6", "install" }));
            Assert.That(windows.NetshCalls, Has.One.EqualTo(new[] { "interface", "ipv6", "set", "teredo", "client" }));
            Assert.That(windows.Teredo.Configuration.ClientPort, Is.EqualTo(TeredoActivation.XpPort));
            Assert.That(windows.Firewall.OpenPorts, Is.EqualTo(new OpenPort[]
            {
                new() { Name = "Teredo", Port = TeredoActivation.XpPort, Protocol = FirewallProtocol.Udp },
            }));
        });
    }

    [Test]
    public async Task Enable_ServiceDisabled_IsStartedWithConsent()
    {
        var windows = new FakeWindows();
        windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled };
        await new TeredoActivation(windows).EnableAsync(null, Yes, default).InTime();
        Assert.That(_asked, Is.EqualTo(new[] { ConsentKind.StartService, ConsentKind.EnableTeredo }));
        Assert.That(windows.Teredo.State, Is.EqualTo(TeredoClientState.Dormant));
    }

    [TestCase(true, "sc.exe config iphlpsvc start= disabled")]
    [TestCase(false, "To undo it, run net stop iphlpsvc.")]
    public async Task Enable_ServiceStopped_IsAskedWithAllThatUndoesIt(bool isDisabled, string undo)
    {
        var windows = new FakeWindows();
        windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = isDisabled ? ServiceStartType.Disabled : ServiceStartType.Automatic };
        List<string> questions = [];
        await new TeredoActivation(windows).EnableAsync(null, (request, _) =>
        {
            questions.Add(request.Question);
            return new(true);
        }, default).InTime();
        Assert.That(questions[0], Does.Contain(undo));
        Assert.That(questions[0].Contains("set to start with Windows", StringComparison.Ordinal), Is.EqualTo(isDisabled));
    }

    [Test]
    public void Enable_ServiceThatIsNotThere_IsNamedBeforeAnythingIsAsked()
    {
        var windows = new FakeWindows();
        windows.Services.Remove("iphlpsvc");
        var failure = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(windows).EnableAsync(null, Yes, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.ServiceStopped));
        Assert.That(failure.Message, Does.Contain("has no service iphlpsvc").And.Contain("Embedded"));
        Assert.That(_asked, Is.Empty);
    }

    [Test]
    public async Task Enable_WithAnotherServer_IsAskedWithWhatItWasBefore()
    {
        var windows = new FakeWindows();
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.Disabled, ServerName = "old.example.net" };
        ConsentRequest? asked = null;
        await new TeredoActivation(windows).EnableAsync("teredo.example.net", (request, _) =>
        {
            asked = request;
            return new(true);
        }, default).InTime();
        Assert.That(asked!.Question, Does.Contain("with the server teredo.example.net")
            .And.Contain("To undo it, run netsh interface teredo set state type=disabled servername=old.example.net."));
    }

    [Test]
    public void Enable_NetshThatSaysOkAndDoesNothing_IsNotBelieved()
    {
        var windows = new FakeWindows(Windows7) { Netsh = { ChangesNothing = true } };
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.Disabled };
        var activation = new TeredoActivation(windows);
        var failure = Assert.ThrowsAsync<TeredoException>(() => activation.EnableAsync(null, Yes, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.SetupFailed));
        Assert.That(activation.Steps, Has.Count.EqualTo(3), "every way was tried");
        Assert.That(activation.Steps, Has.All.Contains("Without effect: Teredo is disabled"));
    }

    [Test]
    public void Enable_PersonSaysNo_ChangesNothing()
    {
        var windows = new FakeWindows();
        var failure = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(windows).EnableAsync(null, (_, _) => new(false), default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.ConsentRefused));
        Assert.That(windows.Actions, Is.Empty);
    }

    [Test]
    public void Enable_NobodyToAsk_ChangesNothingAndSaysHow()
    {
        var windows = new FakeWindows();
        var failure = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(windows).EnableAsync(null, null, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoDisabledByDefault));
        Assert.That(failure.Message, Does.Contain("netsh interface teredo set state type=enterpriseclient"));
        Assert.That(windows.Actions, Is.Empty);
    }

    [Test]
    public void Enable_NotElevated_NamesTheElevatedCommandAndAsksNothing()
    {
        var windows = new FakeWindows { IsElevated = false };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(windows).EnableAsync("teredo.example.net", Yes, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.AccessDenied));
        Assert.That(failure.Message, Does.Contain("netsh interface teredo set state type=enterpriseclient servername=teredo.example.net"));
        Assert.That(_asked, Is.Empty);
    }

    [Test]
    public void Enable_PolicyOff_IsNotFoughtWith()
    {
        var windows = new FakeWindows();
        windows.Registry[WindowsMachine.Policy + "Teredo_State"] = "Disabled";
        var failure = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(windows).EnableAsync(null, Yes, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoDisabledByPolicy));
        Assert.That(_asked, Is.Empty);
    }

    [Test]
    public async Task Enable_AlreadyOn_DoesNothing()
    {
        await using var machine = new WindowsMachine();
        var result = await new TeredoActivation(machine.Windows).EnableAsync(null, Yes, default).InTime();
        Assert.That(result.Steps, Is.Empty);
        Assert.That(machine.Windows.Actions, Is.Empty);
    }

    [TestCase("a b")]
    [TestCase("")]
    [TestCase("host\" type=disabled")]
    [TestCase("servername=x")]
    [TestCase("host&calc")]
    [TestCase("-h")]
    [TestCase("host,192.0.2.2")]
    [TestCase("1.2.3")]
    [TestCase("höst.example")]
    public void Enable_ServerThatIsNone_IsRefusedBeforeAnythingRuns(string server)
    {
        var windows = new FakeWindows();
        var failure = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(windows).EnableAsync(server, Yes, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.NoServer));
        Assert.That(windows.NetshCalls, Is.Empty);
        Assert.That(windows.Actions, Is.Empty);
        Assert.That(_asked, Is.Empty);
    }

    [TestCase("10.0.19045")]
    [TestCase("6.1")]
    [TestCase("5.1")]
    public async Task Restore_AfterEnable_IsAsBefore(string version)
    {
        var windows = new FakeWindows(Version.Parse(version));
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.Disabled, ServerName = "old.example.net" };
        windows.IPv6Installed = true;
        var activation = new TeredoActivation(windows);
        await activation.EnableAsync("new.example.net", Yes, default).InTime();
        var before = new TeredoConfiguration { Type = TeredoType.Disabled, ServerName = "old.example.net" };
        var steps = await activation.RestoreAsync(before, default).InTime();
        Assert.That(steps, Is.Not.Empty);
        Assert.That((windows.Teredo.Configuration.Type, windows.Teredo.Configuration.ServerName), Is.EqualTo((before.Type, before.ServerName)));
    }

    [Test]
    public async Task Restore_TypeThatWasNotRead_IsNotWrittenAsAnother()
    {
        var windows = new FakeWindows();
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.Client, ServerName = "other.example.net" };
        await new TeredoActivation(windows).RestoreAsync(new() { ServerName = "teredo.example.net" }, default).InTime();
        Assert.That((windows.Teredo.Configuration.Type, windows.Teredo.Configuration.ServerName), Is.EqualTo((TeredoType.Client, "teredo.example.net")));
    }

    [Test]
    public async Task Start_SwitchedOffWithConsent_SwitchesOnAndReportsTheSteps()
    {
        await using var machine = new WindowsMachine(type: TeredoType.Default);
        machine.AnswerConsent(true);
        machine.Options.Servers.Add("teredo.example.net");
        var node = await machine.StartAsync();
        Assert.That(machine.Asked, Is.EqualTo(new[] { ConsentKind.EnableTeredo }));
        Assert.That(node.Report.Windows!.Steps, Has.One.Contains("netsh interface teredo set state"));
        Assert.That(node.Report.Windows.ServerName, Is.EqualTo("teredo.example.net"));
        Assert.That(node.Report.Windows.TypeSource, Is.EqualTo(TeredoSettingSource.Local));
    }

    [Test]
    public async Task Start_SwitchedOffAndTheAnswerIsNo_FailsWithoutAChange()
    {
        await using var machine = new WindowsMachine(type: TeredoType.Default);
        machine.AnswerConsent(false);
        Assert.That((await machine.FailAsync()).Error, Is.EqualTo(TeredoError.ConsentRefused));
        Assert.That(machine.Windows.Actions, Is.Empty);
    }
}
