using TeredoSdk.Testing;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>
/// A call of Windows that hangs longer than a setup waits and then does what it was asked to do after all. What undoes it must come after it, or say what may be left.
/// </summary>
public sealed class LateAnswerTests
{
    static readonly TestCaseData<string>[] Calls =
    [
        new("Firewall.Add") { TestName = "a rule is added late" },
        new("Firewall.Update.LocalPorts") { TestName = "a rule is changed late" },
        new(nameof(FakeWindows.RunNetshAsync)) { TestName = "netsh switches Teredo on late" },
        new(nameof(FakeWindows.WriteConfiguration)) { TestName = "CIM switches Teredo on late" },
    ];

    [TestCaseSource(nameof(Calls))]
    public async Task Undo_ComesAfterTheStep(string call)
    {
        using var machine = Make(call);
        string before = Stores(machine);
        var (running, stuck) = await HangAsync(machine, call);
        using (stuck)
        {
            var time = (ManualTime)machine.Options.TimeProvider;
            int actions = machine.Windows.Actions.Count;
            time.AdvanceToTheNextTimer(); // two minutes: the step is given up
            await WaitUntilAsync(() =>
            {
                if (time.IsArmedWithin(TimeSpan.Zero, TimeSpan.FromSeconds(1)))
                    time.AdvanceToTheNextTimer(); // of a call that has just ended, or of one within the step
                return time.IsArmedWithin(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3));
            });
            Assert.That(machine.Windows.Actions, Has.Count.EqualTo(actions), "nothing is undone yet");
        }
        var failure = await machine.RunAsync(() => running);
        Assert.That(failure!.Message, Does.Contain("did not answer").And.EndWith("All completed steps were undone."));
        Assert.That(Stores(machine), Is.EqualTo(before));
        Assert.That(machine.Records, Is.Empty);
    }

    [TestCaseSource(nameof(Calls))]
    public async Task Step_ThatNeverEnds_IsSaid_AndTheRecordStaysForTheRemoval(string call)
    {
        using var machine = Make(call);
        string before = Stores(machine);
        var (running, stuck) = await HangAsync(machine, call);
        using (stuck)
        {
            var time = (ManualTime)machine.Options.TimeProvider;
            while (!running.IsCompleted)
            {
                time.AdvanceToTheNextTimer();
                await Task.WhenAny(running, Task.Delay(1));
            }
            var failure = (TeredoException)(await running)!;
            Assert.That(failure.Finding.Id, Is.EqualTo(FindingIds.SetupNotUndone));
            Assert.That(failure.Message, Does.Contain("Windows may still do this, since it has not answered yet: ").And.Contain("then run the removal"));
            Assert.That(machine.Records, Has.Length.EqualTo(1));
        }
        await WaitUntilAsync(() => Stores(machine) != before);
        await machine.RunAsync(machine.RemoveAsync);
        Assert.That(Stores(machine), Is.EqualTo(before));
        Assert.That(machine.Records, Is.Empty);
    }

    // The caller does not wait two minutes.
    [Test]
    public async Task Cancellation_AmidACall_IsUndoneAfterIt()
    {
        using var machine = Make(nameof(FakeWindows.WriteConfiguration));
        string before = Stores(machine);
        using var gaveUp = new CancellationTokenSource();
        using var stuck = new StuckCall(machine.Windows, nameof(FakeWindows.WriteConfiguration));
        var plan = await machine.PlanAsync();
        var running = plan.ApplyAsync(cancellationToken: gaveUp.Token);
        await machine.RunAsync(async () =>
        {
            await stuck.WhenReachedAsync();
            return true;
        });
        await gaveUp.CancelAsync();
        await Task.WhenAny(running, Task.Delay(200)); // a setup that does not wait for the call has undone all by then
        Assert.That(running.IsCompleted, Is.False);
        stuck.Dispose();
        Assert.CatchAsync<OperationCanceledException>(() => machine.RunAsync(async () =>
        {
            await running;
            return true;
        }));
        Assert.That(Stores(machine), Is.EqualTo(before));
        Assert.That(machine.Records, Is.Empty);
    }

    static SetupMachine Make(string call)
    {
        var machine = new SetupMachine { Options = { EnableTeredo = true } };
        machine.UseManualTime();
        if (call.StartsWith("Firewall.Update", StringComparison.Ordinal))
            machine.Windows.Firewall.Plant(machine.Wanted[0] with { LocalPorts = "1" });
        machine.Windows.Netsh.ChangesNothing = call == nameof(FakeWindows.WriteConfiguration);
        return machine;
    }

    static async Task<(Task<Exception?> Running, StuckCall Stuck)> HangAsync(SetupMachine machine, string call)
    {
        var plan = await machine.PlanAsync();
        var stuck = new StuckCall(machine.Windows, call);
        var running = Task.Run(async () =>
        {
            try
            {
                await plan.ApplyAsync();
                return (Exception?)null;
            }
            catch (TeredoException e)
            {
                return e;
            }
        });
        await machine.RunAsync(async () =>
        {
            await stuck.WhenReachedAsync();
            return true;
        });
        return (running, stuck);
    }

    static string Stores(SetupMachine machine) => string.Join('\n', machine.Rules.Select(rule => rule.ToString())) + machine.Windows.Teredo.Configuration;

    static async Task WaitUntilAsync(Func<bool> holds)
    {
        using var late = new CancellationTokenSource(Patience.Limit);
        while (!holds())
            await Task.Delay(1, late.Token);
    }
}
