using Microsoft.Win32;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Windows.Tests;

/// <summary>
/// Setups and removals of which the firewall refuses one call, or shows the new rules late. The fake counts each call of its COM objects, a property's too.
/// </summary>
[Refusing]
public class SetupFaultTests
{
    const string AccessDenied = "80070005", OutOfMemory = "8007000E";

    // What is run before, and what is run with the fault.
    static readonly (string Name, Func<SetupMachine, Task> Before, Func<SetupMachine, Task> Run)[] Phases =
    [
        ("setup", _ => Task.CompletedTask, machine => machine.SetUpAsync()),
        ("setup again", machine => machine.SetUpAsync(), machine =>
        {
            machine.Options.TcpPort = 4300;
            return machine.SetUpAsync();
        }),
        ("removal", machine => machine.SetUpAsync(), machine => machine.RemoveAsync()),
    ];

    static IEnumerable<string> Names => Phases.Select(phase => phase.Name);

    [Test]
    public async Task Refusal_OfACall_IsUndoneAtOnce_OrTakenBackByTheRemoval([ValueSource(nameof(Names))] string name, [Values(0, 3)] int lag)
    {
        var (_, before, run) = Phases.Single(phase => phase.Name == name);
        string[] calls = await CallsOfAsync(before, run, lag);
        List<string> problems = [];
        foreach (int call in Sample(calls, lag))
        {
            string? problem = await RefuseAsync(before, run, lag, call, call % 2 == 0 ? AccessDenied : OutOfMemory);
            if (problem is not null)
                problems.Add($"{calls[call - 1]} (call {call} of {calls.Length}): {problem}");
        }
        Assert.That(problems, Is.Empty);
    }

    [Test]
    public async Task NewRule_ThatIsSeenLate_IsBelievedWhenItIsSeen()
    {
        using var machine = new SetupMachine("lag=8");
        string before = SetupMachine.Store;
        await machine.SetUpAsync();
        Assert.That(FakeFiles.Own.Rules, Has.Count.EqualTo(4).And.None.ContainKey("Unseen"));
        await machine.RemoveAsync();
        Assert.That(SetupMachine.Store, Is.EqualTo(before));
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task NewRule_ThatIsNeverSeen_IsUndone_AndTheRecordStaysUntilTheRemoval()
    {
        using var machine = new SetupMachine("lag=1000000");
        string before = SetupMachine.Store;
        Assert.That(machine.SetUpAsync, Throws.TypeOf<TeredoException>().With.Message.Contains("never showed"));
        Assert.That(SetupMachine.Store, Is.EqualTo(before));
        Assert.That(machine.Records, Has.Length.EqualTo(1));
        FakeFiles.Own.Set("lag", "0");
        await machine.RemoveAsync();
        Assert.That(machine.Records, Is.Empty);
    }

    // No page says whether a removal takes one rule of a name or all.
    [TestCase("one")]
    [TestCase("all")]
    public async Task Doubles_OfOneName_BecomeOneRule_AndTheRemovalTakesAll(string remove)
    {
        using var machine = new SetupMachine($"remove={remove}");
        string before = SetupMachine.Store;
        await machine.SetUpAsync();
        string set = SetupMachine.Store;
        PlantDoubles();
        await machine.SetUpAsync();
        Assert.That(SetupMachine.Store, Is.EqualTo(set));
        PlantDoubles();
        await machine.RemoveAsync();
        Assert.That(SetupMachine.Store, Is.EqualTo(before));

        static void PlantDoubles() =>
            FakeFiles.Own.StoreRules([.. FakeFiles.Own.Rules.SelectMany(rule => Enumerable.Repeat(rule, rule.GetValueOrDefault("Grouping") == "TeredoSdk" ? 3 : 1))
                .Select(rule => rule.Where(field => field.Key != "Id").Select(field => $"{field.Key}={field.Value}").ToArray())]);
    }

    [Test]
    public async Task RecordOfAnotherMachine_IsSetAside_AndOnlyTheProgramsRulesAreRemoved()
    {
        using var machine = new SetupMachine("type=disabled");
        machine.Options.EnableTeredo = true;
        string before = SetupMachine.Store;
        using var cryptography = Registry.LocalMachine.CreateSubKey(@"SOFTWARE\Microsoft\Cryptography");
        object? own = cryptography.GetValue("MachineGuid");
        try
        {
            cryptography.SetValue("MachineGuid", "0C9A6F2E-5B1D-4F0C-9D3C-4A7C0E2F9B11");
            await machine.SetUpAsync();
            Assert.That(await File.ReadAllTextAsync(machine.Records.Single()), Does.Contain("\"machine\"").And.Not.Contain("4F0C-9D3C").IgnoreCase);
            cryptography.SetValue("MachineGuid", "5b1d1d2e-0f6a-4f0c-9d3c-4a7c0e2f9b11");
            var plan = await TeredoSetup.PlanRemovalAsync(machine.Options);
            Assert.That(plan.Findings.Select(finding => finding.Id), Does.Contain(FindingIds.SetupRecordOfOtherMachine));
            await plan.ApplyAsync();
        }
        finally
        {
            if (own is null)
                cryptography.DeleteValue("MachineGuid");
            else
                cryptography.SetValue("MachineGuid", own);
        }
        Assert.That(SetupMachine.Store, Is.EqualTo(before));
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("enterpriseclient"), "what it was here before is not known");
        Assert.That(machine.Records, Is.Empty);
    }

    // netsh writes what lasts, and CIM the active store.
    [TestCase("netsh=there", "enterpriseclient")]
    [TestCase("netsh=denied", "disabled")]
    public async Task Teredo_ThatASetupSwitchedOn_AfterARestartOfTheService(string netsh, string expected)
    {
        using var machine = new SetupMachine("type=disabled", netsh);
        machine.Options.EnableTeredo = true;
        await machine.SetUpAsync();
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("enterpriseclient"));
        await ServiceCommand.RestartIpHelperAsync();
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo(expected));
        await machine.RemoveAsync();
        await ServiceCommand.RestartIpHelperAsync();
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("disabled"));
    }

    // Under a lag each look for a rule. Otherwise of the calls of the collections the first and the last, of those that set a property the last, and some of
    // those that read one.
    static IEnumerable<int> Sample(string[] calls, int lag)
    {
        var kinds = calls.Index().ToLookup(each => each.Item, each => each.Index + 1);
        if (lag > 0)
            return kinds["Item"];
        return kinds.Where(kind => !kind.Key.StartsWith("put_", StringComparison.Ordinal) && !IsRead(kind.Key)).Select(kind => kind.First())
            .Concat(kinds.Where(kind => !IsRead(kind.Key)).Select(kind => kind.Last()))
            .Concat(kinds.Where(kind => IsRead(kind.Key)).SelectMany(kind => kind).Order().Where((_, index) => index % 19 == 9)).Distinct();

        static bool IsRead(string call) => call.StartsWith("get_", StringComparison.Ordinal) && call != "get_Rules";
    }

    static async Task<string[]> CallsOfAsync(Func<SetupMachine, Task> before, Func<SetupMachine, Task> run, int lag)
    {
        using var machine = new SetupMachine($"lag={lag}");
        await before(machine);
        FakeFiles.Own.Set("refuse_at", "0");
        await run(machine);
        return FakeFiles.Own.Calls;
    }

    static async Task<string?> RefuseAsync(Func<SetupMachine, Task> before, Func<SetupMachine, Task> run, int lag, int call, string code)
    {
        using var machine = new SetupMachine($"lag={lag}");
        string first = SetupMachine.Store;
        await before(machine);
        string standing = SetupMachine.Store;
        FakeFiles.Own.Set("refuse_with", code);
        FakeFiles.Own.Set("refuse_at", $"{call}");
        string? refusal = null;
        try
        {
            await run(machine);
        }
        catch (TeredoException e)
        {
            refusal = e.Message;
        }
        FakeFiles.Own.Unset("refuse_at");
        if (refusal is not null && SetupMachine.Store != standing)
            return $"not undone: {refusal}\n{SetupMachine.Store}";
        if (refusal is not null && (refusal.Contains('\n', StringComparison.Ordinal) || !refusal.EndsWith('.')))
            return $"not told in sentences: {refusal}";
        if (machine.Records.Length > 0)
            await machine.RemoveAsync();
        return SetupMachine.Store == first && machine.Records.Length == 0 ? null : $"after {refusal ?? "no refusal"} and a removal:\n{SetupMachine.Store}";
    }
}
