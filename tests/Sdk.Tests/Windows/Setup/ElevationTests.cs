using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>One prompt for a plan: what travels to the process with rights, and what that process takes.</summary>
public sealed class ElevationTests
{
    const string User = "S-1-5-21-1-2-3-1001";

    SetupMachine _machine = null!;

    [SetUp]
    public void MakeWindows() => _machine = new() { Windows = { IsElevated = false } };

    [TearDown]
    public void RemoveRecords() => _machine.Dispose();

    [Test]
    public async Task Plan_IsAppliedByTheOtherProcess_WhichTellsOfEachStep()
    {
        _machine.Options.EnableTeredo = true;
        _machine.Windows.Teredo.Configuration = new() { Type = TeredoType.Disabled };
        var plan = await _machine.PlanAsync();
        List<SetupStep> told = [];
        await new ElevationRequest(plan, new Prompt(_machine)).ApplyAsync(new Told(one => told.Add(one.Step)), default);
        Assert.That(told, Is.EqualTo(plan.Steps).And.Not.Empty);
        Assert.That((await _machine.PlanAsync()).IsSatisfied, Is.True);

        var removal = await _machine.PlanRemovalAsync();
        await new ElevationRequest(removal, new Prompt(_machine)).ApplyAsync(null, default);
        Assert.That(_machine.Rules, Is.Empty);
        Assert.That(_machine.Records, Is.Empty);
    }

    [Test]
    public async Task WhatMayNotLast_IsToldByTheOtherProcess()
    {
        _machine.Options.EnableTeredo = true;
        _machine.Windows.Netsh.ChangesNothing = true;
        var findings = await new ElevationRequest(await _machine.PlanAsync(), new Prompt(_machine)).ApplyAsync(null, default);
        Assert.That(findings.Select(finding => finding.Id), Is.EqualTo(new[] { FindingIds.TeredoMayNotLast }));
    }

    [Test]
    public async Task Path_IsFixedBeforeThePrompt()
    {
        _machine.Options.ProgramPath = $"%{Variable.Of(@"C:\Program Files\Ünïcode 聊天")}%\\chat.exe";
        var prompt = new Prompt(_machine);
        await new ElevationRequest(await _machine.PlanAsync(), prompt).ApplyAsync(null, default);
        Assert.That(prompt.Arguments, Does.Contain(SetupMachine.Program).And.Contain(User));
        Assert.That(prompt.Arguments, Has.None.Contains("%"));
    }

    [Test]
    public async Task PlanThatDiffers_IsRefusedAndShown()
    {
        var plan = await _machine.PlanAsync();
        var prompt = new Prompt(_machine) { Before = () => _machine.Windows.Firewall.Plant(_machine.Wanted[0] with { LocalPorts = "1" }) };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.SetupFailed));
        Assert.That(failure.Message, Does.Contain("another one than was confirmed, so nothing was changed. It is: 1. ").And.EndWith("--yes"));
        Assert.That(_machine.Windows.Actions, Is.Empty);
        Assert.That(_machine.Records, Is.Empty);
    }

    [TestCase("--tcp", "4243")]
    [TestCase("--edge", "Allow")]
    [TestCase("--name", "Other")]
    [TestCase("--teredo", "on")]
    [TestCase("--confirmed", "0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Arguments_ThatAskForMoreThanWasConfirmed_AreRefused(string option, string value)
    {
        _machine.Windows.Teredo.Configuration = new() { Type = TeredoType.Disabled };
        var prompt = new Prompt(_machine) { Rewrite = line => line[Array.IndexOf(line, option) + 1] = value };
        var plan = await _machine.PlanAsync();
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That(failure.Message, Does.Contain("nothing was changed"));
        Assert.That(_machine.Windows.Actions, Is.Empty);
    }

    [TestCase("--teredo", "on")]
    [TestCase("--server", "192.0.2.9")]
    public async Task Arguments_ThatChangeNoStep_AreRefusedAllTheSame(string option, string value)
    {
        _machine.Windows.Registry[@"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\DisabledComponents"] = 8; // so no step switches Teredo on
        (_machine.Options.EnableTeredo, _machine.Options.Server) = (option == "--server", option == "--server" ? "192.0.2.1" : null);
        var plan = await _machine.PlanAsync();
        var prompt = new Prompt(_machine) { Rewrite = line => line[Array.IndexOf(line, option) + 1] = value };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That(failure.Message, Does.Contain("another one than was confirmed"));
        Assert.That(_machine.Records, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Arguments_OfAnotherMachine_AreRefused(bool isRemoval)
    {
        if (isRemoval)
        {
            _machine.Windows.IsElevated = true;
            await _machine.SetUpAsync();
            _machine.Windows.IsElevated = false;
        }
        var plan = isRemoval ? await _machine.PlanRemovalAsync() : await _machine.PlanAsync();
        int actions = _machine.Windows.Actions.Count;
        var prompt = new Prompt(_machine) { Before = () => _machine.Windows.Registry[@"SOFTWARE\Microsoft\Cryptography\MachineGuid"] = "another" };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That(failure.Message, Does.Contain("another one than was confirmed, so nothing was changed"));
        Assert.That(_machine.Windows.Actions, Has.Count.EqualTo(actions));
    }

    [Test]
    public async Task Arguments_HaveOneFormOnly()
    {
        _machine.Options.UdpPort = 5;
        _machine.Options.EnableTeredo = true;
        _machine.Options.Server = "192.0.2.1";
        string[] sound = new ElevatedArguments(false, _machine.Options, User, (await _machine.PlanAsync()).Digest).ToArguments();
        Assert.That(ElevatedArguments.TryParse(sound, out var parsed), Is.True);
        Assert.That(parsed!.ToArguments(), Is.EqualTo(sound));
        Assert.That(parsed.Options.Server, Is.EqualTo("192.0.2.1"));
        List<string[]> bad = [[], sound[..^1], sound[..^2], [.. sound, "--yes"], [.. sound, "--tcp", "4242"], [sound[0], "install", .. sound[2..]]];
        for (int i = 0; i < sound.Length; i++)
        {
            bad.Add([.. sound[..i], .. sound[(i + 1)..]]);
            bad.Add([.. sound[..i], sound[i] + " ", .. sound[(i + 1)..]]);
            bad.Add([.. sound[..i], "", .. sound[(i + 1)..]]);
        }
        foreach (string[] line in bad)
        {
            if (ElevatedArguments.TryParse(line, out var read)) // another name, or another path, is another setup: its digest differs
                Assert.That(read.ToArguments(), Is.EqualTo(line));
            Assert.That(await ElevatedRun.RunAsync(line, Admit, _ => { }), Is.EqualTo(1), string.Join(' ', line));
        }
        Assert.That(_machine.Windows.Actions, Is.Empty);
    }

    [TestCase(TeredoError.ConsentRefused)]
    [TestCase(TeredoError.AccessDenied)]
    public async Task RefusedPrompt_ChangesNothing(TeredoError error)
    {
        var prompt = new Prompt(_machine) { Before = () => throw new TeredoException(error, "No.") };
        var plan = await _machine.PlanAsync();
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!.Error, Is.EqualTo(error));
        Assert.That(_machine.Windows.Actions, Is.Empty);
    }

    [Test]
    public async Task PromptThatGivesNoRights_IsSaid()
    {
        var plan = await _machine.PlanAsync();
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, new Prompt(_machine) { GivesRights = false }).ApplyAsync(null, default))!;
        Assert.That((failure.Error, failure.Message), Is.EqualTo((TeredoError.AccessDenied, "The prompt gave no administrator's rights; nothing was changed.")));
    }

    [TestCase(false, @"C:\Chat\chat.exe", "Nobody is there who could see a prompt.")]
    [TestCase(true, null, "The executable of this process is not known.")]
    [TestCase(true, @"C:\Program Files\dotnet\dotnet.exe", "can't be started again")]
    public async Task WithoutAPrompt_TheCommandIsSaid(bool isInteractive, string? program, string sentence)
    {
        var plan = await _machine.PlanAsync();
        var prompt = new Prompt(_machine) { IsInteractive = isInteractive, Program = program };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.AccessDenied));
        Assert.That(failure.Message, Does.Contain("nothing was changed").And.Contain(sentence).And.EndWith(plan.ElevatedCommand));
    }

    [Test]
    public async Task StepThatFails_IsUndoneThere_AndSaidHere()
    {
        var plan = await _machine.PlanAsync();
        var faulty = FaultyWindows.Of(_machine.Windows, call => call == "Add" ? new TeredoException(TeredoError.InvalidFirewallRule, "Injected.") : null);
        var prompt = new Prompt(_machine) { Windows = faulty };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That((failure.Error, failure.Message), Is.EqualTo((TeredoError.InvalidFirewallRule, "Injected. All completed steps were undone.")));
        Assert.That(_machine.Rules, Is.Empty);
    }

    [Test]
    public async Task NobodyWhoListens_MakesItUndo()
    {
        _machine.Options.UdpPort = 4242; // two rules
        string[] line = new ElevatedArguments(false, _machine.Options, User, (await _machine.PlanAsync()).Digest).ToArguments();
        _machine.Windows.IsElevated = true;
        Assert.That(await ElevatedRun.RunAsync(line, Admit, _ => throw new IOException("The pipe is broken.")), Is.EqualTo(1));
        Assert.That(_machine.Windows.Actions, Is.Not.Empty);
        Assert.That(_machine.Rules, Is.Empty);
        Assert.That(_machine.Records, Is.Empty);
    }

    [Test]
    public async Task ProcessThatEndsWithoutAWord_IsSaid()
    {
        var plan = await _machine.PlanAsync();
        var prompt = new Prompt(_machine) { Rewrite = _ => throw new InvalidOperationException() };
        var failure = Assert.ThrowsAsync<TeredoException>(() => new ElevationRequest(plan, prompt).ApplyAsync(null, default))!;
        Assert.That(failure.Message, Does.Contain("ended with 7 and did not say why"));
    }

    [TestCase("step\t0\tApplied", true)]
    [TestCase("step\t9\tApplied", false)]
    [TestCase("step\t-1\tApplied", false)]
    [TestCase("step\t0\tMaybe", false)]
    [TestCase("failure\tNoError", false)]
    [TestCase("", false)]
    public async Task Answers_ThatAreNone_AreSkipped(string line, bool isOne)
    {
        var (progress, failure) = ElevatedAnswer.Read(line, (await _machine.PlanAsync()).Steps);
        Assert.That((progress is not null, failure), Is.EqualTo((isOne, (TeredoException?)null)));
    }

    [Test]
    public void OtherArguments_AreNotOurs()
    {
        Assert.That(TeredoSetup.TryRunElevated([]), Is.Null);
        Assert.That(TeredoSetup.TryRunElevated(["--name", ElevatedArguments.Verb]), Is.Null);
        Assert.That(TeredoSetup.TryRunElevated([ElevatedArguments.Verb, "setup"]), Is.EqualTo(1));
    }

    [Test]
    public async Task WhatUsersCanChange_IsNamedBeforeThePrompt()
    {
        var plan = await _machine.PlanAsync();
        Assert.That(new ElevationRequest(plan, new Prompt(_machine)).Warning, Is.Null);
        var warning = new ElevationRequest(plan, new Prompt(_machine) { Writable = @"C:\Users\ann" }).Warning!;
        Assert.That(warning.Id, Is.EqualTo("setup.program-writable"));
        Assert.That(warning.Sentence, Does.Contain(@"users without them can change C:\Users\ann:"));
    }

    void Admit(ElevatedArguments arguments) => (arguments.Options.Windows, arguments.Options.RecordFolder) = (_machine.Windows, _machine.Options.RecordFolder);

    /// <summary>A prompt that is answered with a consent, and the process with rights on the same Windows.</summary>
    sealed class Prompt(SetupMachine machine) : IElevation
    {
        public string? Program { get; init; } = SetupMachine.Program;

        public string User => ElevationTests.User;

        public bool IsInteractive { get; init; } = true;

        public string? Writable { get; init; }

        public IWindowsSystem Windows { get; init; } = machine.Windows;

        public bool GivesRights { get; init; } = true;

        /// <summary>Happens while the person reads the prompt.</summary>
        public Action Before { get; init; } = () => { };

        public Action<string[]> Rewrite { get; init; } = _ => { };

        public string[] Arguments { get; private set; } = [];

        public string? FindWritable(string program) => Writable;

        public async Task<int> RunAsync(IReadOnlyList<string> arguments, Action<string> told, CancellationToken cancellationToken)
        {
            Arguments = [.. arguments];
            Before();
            try
            {
                Rewrite(Arguments);
            }
            catch (InvalidOperationException)
            {
                return 7;
            }
            machine.Windows.IsElevated = GivesRights;
            try
            {
                return await ElevatedRun.RunAsync(Arguments, own => (own.Options.Windows, own.Options.RecordFolder) = (Windows, machine.Options.RecordFolder), told);
            }
            finally
            {
                machine.Windows.IsElevated = false;
            }
        }
    }
}
