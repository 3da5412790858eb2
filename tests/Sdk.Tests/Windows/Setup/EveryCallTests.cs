using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>
/// Setup, setup again and removal, with a crash or a refusal at every single call: what follows ends with the stores as they were before all.
/// </summary>
public sealed class EveryCallTests
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task Crash_AtEveryCall_LeavesWhatARemovalRestores(bool isUsed)
    {
        foreach (var phase in Phases)
            for (int call = 1; await IsHitAsync(isUsed, phase, (windows, at) => windows.CrashAt(at), call, mayChange: true); call++)
            {
            }
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Refusal_AtEveryCall_IsUndone(bool isUsed)
    {
        foreach (var phase in Phases)
            for (int call = 1; await IsHitAsync(isUsed, phase, (windows, at) => windows.FailAt(at, TeredoError.SetupFailed), call, mayChange: false); call++)
            {
            }
    }

    // The setup, the setup again for another port, the removal.
    static readonly int[] Phases = [0, 1, 2];

    // Whether the run was long enough to meet the fault.
    static async Task<bool> IsHitAsync(bool isUsed, int phase, Action<FakeWindows, int> fault, int call, bool mayChange)
    {
        using var machine = new SetupMachine();
        machine.UseManualTime();
        machine.Options.EnableTeredo = true;
        if (isUsed)
            Use(machine);
        string before = Stores(machine);
        if (phase > 0)
            await machine.RunAsync(machine.SetUpAsync);
        if (phase == 1)
            machine.Options.TcpPort = 4300;
        string standing = Stores(machine);
        int first = machine.Windows.CallCount;
        fault(machine.Windows, call);
        bool isDone = await machine.FailureAsync(phase == 2 ? machine.RemoveAsync : machine.SetUpAsync) is null;
        bool isHit = machine.Windows.CallCount - first >= call;
        machine.Windows.ClearFaults();
        string what = $"phase {phase}, call {call}";
        if (!isDone && !mayChange)
            Assert.That(Stores(machine), Is.EqualTo(standing), $"{what}: undone");
        if (isDone && phase < 2)
            await machine.RunAsync(machine.SetUpAsync); // where rules could not be read, the finding says to run it again
        if (machine.Records.Length > 0) // without a record nothing was changed, and a removal would take the older rule, whose origin nobody knows
            await machine.RunAsync(machine.RemoveAsync);
        Assert.That(Stores(machine), Is.EqualTo(before), $"{what}: removed");
        return isHit;
    }

    // A rule of an earlier version, a cancelled prompt, and a type and a server that somebody chose.
    static void Use(SetupMachine machine)
    {
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { LocalPorts = "1", Enabled = false });
        machine.Windows.Firewall.PlantCancelledPrompt(SetupMachine.Program);
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { Type = TeredoType.NatAwareClient };
        machine.Options.Server = "192.0.2.1";
    }

    static string Stores(SetupMachine machine) => string.Join('\n', machine.Rules.Select(rule => rule.ToString()).Order(StringComparer.Ordinal)
        .Append(machine.Windows.Teredo.Configuration.ToString()).Concat(machine.Windows.Services.Select(service => service.ToString()).Order(StringComparer.Ordinal)));
}
