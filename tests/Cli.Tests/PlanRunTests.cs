using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Tests;

/// <summary>
/// <c>teredo setup</c> and <c>teredo remove</c> where there is something to do, on a Windows in memory: nothing is changed unasked.
/// </summary>
public sealed class PlanRunTests
{
    static readonly string[] Application = ["--app", @"C:\chat.exe", "--name", "Chat"];

    SetupOnFake _setup = null!;
    FakeWindows _windows = null!;
    Action _whileAsked = () => { };

    [SetUp]
    public void MakeWindows()
    {
        _setup = new(Application[1]);
        _windows = _setup.Windows;
        _whileAsked = () => { };
    }

    [TearDown]
    public void RemoveRecords() => _setup.Dispose();

    [TestCase("y")]
    [TestCase(" YES ")]
    public async Task Setup_WithAYes_IsApplied(string answer)
    {
        Assert.That((await RunAsync(answer)).ExitCode, Is.Zero);
        Assert.That(_windows.Firewall.Rules, Has.Count.EqualTo(2));
    }

    [TestCase("n")]
    [TestCase("")]
    [TestCase("yesterday")]
    [TestCase(null)]
    public async Task Setup_WithoutAYes_ChangesNothing(string? answer)
    {
        Assert.That((await RunAsync(answer)).ExitCode, Is.EqualTo(1));
        Assert.That(_windows.Actions, Is.Empty);
        Assert.That(Directory.Exists(_setup.Records), Is.False);
    }

    [Test]
    public async Task Setup_ThatHasConsent_AsksNobody()
    {
        Assert.That((await RunAsync(null, "--yes")).ExitCode, Is.Zero);
        Assert.That(_windows.Firewall.Rules, Has.Count.EqualTo(2));
    }

    [TestCase(null)]
    [TestCase("y")]
    public async Task DryRun_ChangesNothing_WhateverElseIsSaid(string? answer)
    {
        Assert.That((await RunAsync(answer, "--dry-run")).ExitCode, Is.Zero);
        Assert.That((await RunAsync(answer, "--dry-run", "--yes")).ExitCode, Is.Zero);
        Assert.That((await RunAsync(answer, "--yes", "--dry-run", "--enable-teredo")).ExitCode, Is.Zero);
        Assert.That(_windows.Actions, Is.Empty);
        Assert.That(Directory.Exists(_setup.Records), Is.False);
    }

    [Test]
    public async Task Removal_IsAskedForToo()
    {
        await RunAsync(null, "--yes");
        int actions = _windows.Actions.Count;
        Assert.That((await RemoveAsync("n")).ExitCode, Is.EqualTo(1));
        Assert.That((await RemoveAsync("y", "--dry-run")).ExitCode, Is.Zero);
        Assert.That((await RemoveAsync(null, "--dry-run", "--yes")).ExitCode, Is.Zero);
        Assert.That(_windows.Actions, Has.Count.EqualTo(actions));
        Assert.That((await RemoveAsync("y")).ExitCode, Is.Zero);
        Assert.That(_windows.Firewall.Rules, Is.Empty);
    }

    [TestCase("--yes")]
    [TestCase("--yes", "--json")]
    public async Task WithoutRights_NothingIsChanged(params string[] more)
    {
        _windows.IsElevated = false;
        Assert.That((await RunAsync("y", more)).ExitCode, Is.EqualTo(1));
        Assert.That(_windows.Actions, Is.Empty);
    }

    [Test]
    public async Task SetupThatStands_AsksNobody()
    {
        await RunAsync(null, "--yes");
        Assert.That((await RunAsync(null)).ExitCode, Is.Zero);
    }

    [TestCase("--dry-run")]
    [TestCase("--yes")]
    public async Task PlanWithoutASingleStep_IsSaidToBeOne(string how)
    {
        _setup.IsEmpty = true;
        var result = await RemoveAsync(null, how);
        Assert.That((result.ExitCode, result.Text.Trim()), Is.EqualTo((0, "Nothing to do.")));
    }

    [Test]
    public async Task Setup_ShowsItsSteps_ThenWhatWasDone()
    {
        var result = await RunAsync("y");
        string[] lines = result.Text.TrimEnd().ReplaceLineEndings("\n").Split('\n');
        string[] steps = [.. lines[..^1].Select((line, i) => line[$"{i + 1}. ".Length..])];
        Assert.That(lines[..^1], Is.EqualTo(steps.Select((step, i) => $"{i + 1}. {step}")).And.Not.Empty);
        Assert.That(lines[^1], Is.EqualTo("Done: each step was applied and read back."));
        Assert.That(result.ErrorLines, Has.Some.Contains("--enable-teredo makes the setup switch it on"), "a warning");
        Assert.That(result.ErrorLines, Has.Exactly(1).StartsWith("Do this? [y/N] "));
        foreach (string step in steps)
            Assert.That(result.ErrorLines, Has.Some.EndsWith($"done: {step}"));

        string[] again = (await RunAsync("y")).Text.TrimEnd().ReplaceLineEndings("\n").Split('\n');
        Assert.That(again[^1], Is.EqualTo("Nothing to do."));
    }

    [TestCase(3)]
    [TestCase(0, "--installer")]
    public async Task Setup_ThatIsAppliedButNotInForce_IsNotComplete(int code, params string[] more)
    {
        var sound = await RunAsync(null, "--yes", "--json");
        Assert.That((sound.ExitCode, sound.Document.GetProperty("complete").GetBoolean()), Is.EqualTo((0, true)));
        _windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride;
        var result = await RunAsync(null, ["--yes", "--json", .. more]);
        Assert.That(result.ExitCode, Is.EqualTo(code));
        Assert.That((result.Document.GetProperty("applied").GetBoolean(), result.Document.GetProperty("complete").GetBoolean()), Is.EqualTo((true, false)));
        Assert.That(result.ErrorLines, Has.Some.Contains("group policy").And.Some.Contains("run this again"));
    }

    [Test]
    public async Task Setup_ThatMayNotLast_SaysSoWithTheCommandThatLasts()
    {
        _windows.Netsh.ChangesNothing = true;
        var result = await RunAsync(null, "--yes", "--json", "--enable-teredo");
        Assert.That(result.ExitCode, Is.Zero, "it is in force");
        Assert.That(result.ErrorLines, Has.Some.Contains("until the next start of Windows only").And.Contains("netsh interface teredo set state type=enterpriseclient"));
        Assert.That(result.Document.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("id").GetString()),
            Does.Contain(FindingIds.TeredoMayNotLast));
    }

    [Test]
    public async Task DryRun_ShowsTheStepsAlone()
    {
        var result = await RunAsync(null, "--dry-run");
        Assert.That(result.Text, Does.StartWith("1. ").And.Not.Contain("Done").And.Not.Contain("Nothing to do"));
        Assert.That(result.ErrorLines, Has.None.Contains("done: ").And.None.Contains("Do this?"));
    }

    [TestCase("y", new string[0], true)]
    [TestCase(null, new[] { "--yes" }, true)]
    [TestCase(null, new[] { "--dry-run" }, false)]
    public async Task Document_IsAllOfStdout(string? answer, string[] more, bool isApplied)
    {
        var result = await RunAsync(answer, ["--json", .. more]);
        Assert.That(result.Document.GetProperty("applied").GetBoolean(), Is.EqualTo(isApplied));
        Assert.That(result.Document.GetProperty("needsElevation").GetBoolean());
        Assert.That(result.Document.GetProperty("steps").GetArrayLength(), Is.GreaterThan(0));
        Assert.That(result.ErrorLines.Any(line => line.StartsWith("1. ", StringComparison.Ordinal)), Is.EqualTo(answer is not null), "whoever is asked sees for what");
    }

    [TestCase("n", "Nothing was changed, because you did not consent.")]
    [TestCase(null, "Nothing was changed: there is no terminal to ask at. Run it with --yes to consent.")]
    public async Task Refusal_SaysWhy(string? answer, string sentence)
    {
        var result = await RunAsync(answer, "--json");
        Assert.That(result.Sentence, Does.EndWith(sentence));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("consentRefused"));
    }

    [Test]
    public async Task WithoutRights_TheCommandToRunIsTheLastLine()
    {
        _windows.IsElevated = false;
        var result = await RunAsync("y", "--json");
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Sentence, Does.StartWith("teredo setup --app"));
        Assert.That(result.ErrorLines[^2], Does.Contain("administrator's rights; nothing was changed"));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("accessDenied"));
    }

    [Test]
    public async Task AdministratorWhomWindowsRefuses_IsNotToldToBecomeOne()
    {
        _whileAsked = () => _windows.IsElevated = false; // the plan was made with rights
        var result = await RunAsync("y", "--json");
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Sentence, Does.StartWith("Windows refused a step although this process has an administrator's rights").And.EndWith("undone."));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("accessDenied"));
        Assert.That(_windows.Firewall.Rules, Is.Empty);
    }

    [TestCase("y")]
    [TestCase(null, "--yes")]
    public async Task WithoutRights_AnotherProcessAppliesIt_WhichIsSaid(string? answer, params string[] more)
    {
        BeElevatedBy((told, _) =>
        {
            told("Applied", "It is made.");
            return Task.FromResult<int?>(null);
        });
        var result = await RunAsync(answer, [.. more, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("applied").GetBoolean());
        Assert.That(result.ErrorLines, Has.Some.EqualTo("done: It is made.").Or.Some.EndsWith("[y/N] done: It is made."));
        Assert.That(result.ErrorLines, Has.Some.Contains("users without them can change C:"), "what others can change is named before");
    }

    [Test]
    public async Task OtherProcessThatSaysAll_DecidesTheExitCode()
    {
        BeElevatedBy((_, _) => Task.FromResult<int?>(3));
        var result = await RunAsync("y", "--json");
        Assert.That((result.ExitCode, result.Text), Is.EqualTo((3, "")));
    }

    [Test]
    public async Task RefusedPrompt_IsOneSentence()
    {
        BeElevatedBy((_, _) => throw new TeredoException(TeredoError.ConsentRefused, "The prompt was refused; nothing was changed."));
        var result = await RunAsync(null, "--yes", "--json");
        Assert.That((result.ExitCode, result.Sentence), Is.EqualTo((1, "The prompt was refused; nothing was changed.")));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("consentRefused"));
    }

    [TestCase("n")]
    [TestCase("y", "--no-elevate")]
    [TestCase(null)]
    [TestCase("y", "--dry-run")]
    [TestCase(null, "--yes", "--no-elevate")]
    [TestCase(null, "--yes", "--confirmed", "any")] // it was started for rights that it did not get
    public async Task WhoDoesNotWantIt_IsNotPrompted(string? answer, params string[] more)
    {
        BeElevatedBy((_, _) => throw new AssertionException("It was started."));
        var result = await RunAsync(answer, more);
        bool isDryRun = more.Contains("--dry-run");
        Assert.That(result.ExitCode, Is.EqualTo(isDryRun ? 0 : 1));
        if (!isDryRun)
            Assert.That(result.Sentence, answer == "n" ? Does.EndWith("because you did not consent.") : Does.StartWith("teredo setup --app"));
    }

    [Test]
    public async Task WayThatIsBarred_IsSaidBeforeTheCommand()
    {
        _windows.IsElevated = false;
        _setup.FindElevation = () => throw new TeredoException(TeredoError.InvalidProgram, "Not only root can change it.");
        var result = await RunAsync("y");
        Assert.That(result.ErrorLines[^2], Does.Contain("nothing was changed. Not only root can change it. In an administrator's terminal"));
        Assert.That(result.Sentence, Does.StartWith("teredo setup --app"));
    }

    [TestCase("ABC", null, 0)]
    [TestCase("ABD", null, 1)]
    [TestCase("ABD", "y", 0)]
    [TestCase("ABD", "n", 1)]
    public async Task ConfirmedPlan_IsNotAskedForAgain_UnlessItDiffers(string confirmed, string? answer, int code)
    {
        _setup.Digest = "ABC";
        var result = await RunAsync(answer, "--confirmed", confirmed);
        Assert.That(result.ExitCode, Is.EqualTo(code), result.ToString());
        Assert.That(result.ErrorLines.Any(line => line.Contains("another one than was confirmed", StringComparison.Ordinal)), Is.EqualTo(confirmed != "ABC"));
        Assert.That(result.Text.Contains("1. ", StringComparison.Ordinal), Is.EqualTo(confirmed != "ABC"), "it was shown");
    }

    [Test]
    public async Task ProcessAsRoot_HasExitCodesOfItsOwn()
    {
        string[] line = ["setup", .. Application, "--confirmed", PlanElevation.AnyPlan];
        if (OperatingSystem.IsWindows())
            Assert.Ignore("On Windows there is something to set up.");
        Assert.That((await HereCommand.RunAsync(line)).ExitCode, Is.EqualTo(32));
    }

    void BeElevatedBy(Func<Action<string, string>, CancellationToken, Task<int?>> run)
    {
        _windows.IsElevated = false;
        var warning = new Finding { Id = "x", Severity = FindingSeverity.Warning, Subject = "x", Problem = @"Here users without them can change C:\." };
        _setup.FindElevation = () => new("Do this?", warning, run);
    }

    Task<Result> RunAsync(string? answer, params string[] more) => RunAsync("setup", answer, more);

    Task<Result> RemoveAsync(string? answer, params string[] more) => RunAsync("remove", answer, more);

    // Null: nobody is there to answer.
    Task<Result> RunAsync(string command, string? answer, string[] more) =>
        _setup.RunAsync(command, answer is null ? null : new Person(answer, _whileAsked), [.. Application, .. more]);

    /// <summary>Somebody at the terminal.</summary>
    sealed class Person(string answer, Action whileAsked) : StringReader(answer)
    {
        public override string? ReadLine()
        {
            whileAsked();
            return base.ReadLine();
        }
    }
}
