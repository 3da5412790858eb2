using System.CommandLine;
using TeredoSdk.Testing;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Tests;

/// <summary>
/// <c>teredo setup</c> and <c>teredo remove</c> where there is something to do, on a Windows in memory: nothing is changed unasked.
/// </summary>
public sealed class PlanRunTests
{
    static readonly string[] Application = ["--app", @"C:\chat.exe", "--name", "Chat"];

    readonly string _folder = Path.Combine(Path.GetTempPath(), $"teredosdk-plan-{Guid.NewGuid():N}");
    FakeWindows _windows = null!;

    [SetUp]
    public void MakeWindows()
    {
        _windows = new();
        _windows.Files[@"C:\chat.exe"] = true;
    }

    [TearDown]
    public void RemoveRecords()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

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
        Assert.That(Directory.Exists(_folder), Is.False);
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
        Assert.That(Directory.Exists(_folder), Is.False);
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

    Task<Result> RunAsync(string? answer, params string[] more) => RunAsync(TeredoSetup.PlanAsync, answer, more);

    Task<Result> RemoveAsync(string? answer, params string[] more) => RunAsync(TeredoSetup.PlanRemovalAsync, answer, more);

    // Null: nobody is there to answer.
    Task<Result> RunAsync(Func<TeredoSetupOptions, CancellationToken, Task<SetupPlan>> make, string? answer, string[] more)
    {
        var options = new SetupOptions();
        var command = new RootCommand { CommonOptions.Json, CommonOptions.Verbose };
        options.AddTo(command, isRemoval: false);
        var arguments = command.Parse([.. Application, .. more]);
        Assert.That(arguments.Errors, Is.Empty);
        return HereCommand.RunAsync(() => Invocation.RunAsync(arguments, async invocation =>
        {
            var wanted = options.Read(invocation.Arguments);
            (wanted.Windows, wanted.RecordFolder, wanted.ProgramPath) = (_windows, _folder, Application[1]);
            return await PlanRun.RunAsync(invocation, await make(wanted, invocation.Ended), options, answer is null ? null : new StringReader(answer));
        }));
    }
}
