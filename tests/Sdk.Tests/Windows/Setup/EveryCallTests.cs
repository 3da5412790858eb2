using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>
/// Setup, setup again and removal, with a crash or a refusal at every single call: what follows ends with the stores as they were before all. A sample of
/// what the command tests/SetupFaults runs over every broken machine.
/// </summary>
public sealed class EveryCallTests
{
    [TestCase(false, true)]
    [TestCase(false, false)]
    [TestCase(true, true)]
    [TestCase(true, false)]
    public async Task Fault_AtEveryCall_LeavesWhatARemovalRestores(bool isUsed, bool isCrash)
    {
        var run = new FaultRun(() => Make(isUsed));
        for (int phase = 0; phase < FaultRun.Phases.Count; phase++)
        {
            for (int call = 0; ; call++)
            {
                var (isHit, problem) = await run.RunAsync(phase, isCrash, call);
                Assert.That(problem, Is.Null);
                if (!isHit)
                    break;
            }
        }
    }

    // A used one has a rule of an earlier version, a cancelled prompt, and a type and a server that somebody chose.
    static SetupMachine Make(bool isUsed)
    {
        var machine = new SetupMachine { Options = { EnableTeredo = true } };
        if (!isUsed)
            return machine;
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { LocalPorts = "1", Enabled = false });
        machine.Windows.Firewall.PlantCancelledPrompt(SetupMachine.Program);
        machine.Windows.Firewall.RemovesAllOfAName = true;
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { Type = TeredoType.NatAwareClient };
        machine.Options.Server = "192.0.2.1";
        return machine;
    }
}
