using TeredoSdk.Testing;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A Windows whose Teredo only CIM could switch, which reaches the active store: the next start takes it back, and the setup says so.</summary>
public sealed class MayNotLastTests
{
    static readonly TestCaseData<Action<FakeWindows>>[] Faults =
    [
        new(windows => windows.Netsh.ChangesNothing = true) { TestName = "netsh refused" },
        new(windows => windows.Missing[nameof(FakeWindows.RunNetshAsync)] = "netsh.exe is not there.") { TestName = "netsh missing" },
    ];

    [TestCaseSource(nameof(Faults))]
    public async Task Setup_SaysThatItMayLastUntilTheNextStartOnly(Action<FakeWindows> breaks)
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true, Server = "192.0.2.1" } };
        breaks(machine.Windows);
        var finding = (await (await machine.PlanAsync()).ApplyAsync()).Single();
        Assert.That((finding.Id, finding.Severity), Is.EqualTo((FindingIds.TeredoMayNotLast, FindingSeverity.Warning)));
        Assert.That(finding.Fix!.Command, Is.EqualTo("netsh interface teredo set state type=enterpriseclient servername=192.0.2.1"));
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        machine.Windows.Restart();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Default), "it did not last");
        await machine.RemoveAsync();
        Assert.That(machine.Records, Is.Empty);
    }

    [TestCaseSource(nameof(Faults))]
    public async Task Removal_SaysItToo(Action<FakeWindows> breaks)
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true } };
        await machine.SetUpAsync();
        breaks(machine.Windows);
        var findings = await (await machine.PlanRemovalAsync()).ApplyAsync();
        Assert.That(findings.Single().Fix!.Command, Is.EqualTo("netsh interface teredo set state type=default"));
        machine.Windows.Restart();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
    }

    [Test]
    public async Task Removal_ToATypeThatNetshDoesNotTake_NamesAnotherCommand()
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true } };
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { Type = TeredoType.Relay };
        await machine.SetUpAsync();
        var findings = await (await machine.PlanRemovalAsync()).ApplyAsync();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Relay));
        Assert.That(findings.Single().Fix!.Command, Is.EqualTo("Set-NetTeredoConfiguration -Type Relay -PolicyStore PersistentStore"));
    }

    [Test]
    public async Task Setup_ThatLasts_SaysNothing()
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true } };
        Assert.That(await (await machine.PlanAsync()).ApplyAsync(), Is.Empty);
        machine.Windows.Restart();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        var activation = new TeredoActivation(new FakeWindows { Netsh = { ChangesNothing = true } });
        Assert.That((await activation.EnableAsync(null, (_, _) => new(true), default)).Reservation?.Id, Is.EqualTo(FindingIds.TeredoMayNotLast));
    }

    [Test]
    public async Task ProcessWithRights_TellsIt_AndTheWordsAreMadeHere()
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true } };
        var steps = (await machine.PlanAsync()).Steps;
        int index = steps.Count - 1;
        var (progress, _) = ElevatedAnswer.Read(ElevatedAnswer.Of(index, new() { Step = steps[index], Outcome = SetupOutcome.Applied, Finding = Said }), steps);
        Assert.That(progress!.Finding!.Fix!.Command, Is.EqualTo("netsh interface teredo set state type=enterpriseclient"));
        Assert.That(ElevatedAnswer.Read($"step\t{index}\tApplied\tRun calc.exe.", steps).Progress, Is.Null);
        Assert.That(ElevatedAnswer.Read($"step\t0\tApplied\t{FindingIds.TeredoMayNotLast}", steps).Progress!.Finding, Is.Null, "that step is a rule");
    }

    static Finding Said => new() { Id = FindingIds.TeredoMayNotLast, Severity = FindingSeverity.Warning, Subject = "x", Problem = "Words of the other process." };
}
