using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A setup, the setup again for another port, or the removal, in which one call of Windows fails; and what the stores are afterwards.</summary>
/// <param name="make">Makes the machine, always the same.</param>
sealed class FaultRun(Func<SetupMachine> make)
{
    /// <summary>What is run, with a fault in one of them.</summary>
    public static IReadOnlyList<string> Phases { get; } = ["setup", "setup again", "removal"];

    /// <summary>Runs with a fault. A refusal must be undone at once, and what a crash leaves is taken back by the removal.</summary>
    /// <param name="phase">The phase with the fault.</param>
    /// <param name="isCrash">Whether the process dies at the call; otherwise Windows refuses the call.</param>
    /// <param name="call">The number of the call; the first is 1, and 0 is for no fault.</param>
    /// <returns>Whether the phase was long enough to meet the fault, and what is not as it was; null when all is.</returns>
    public async Task<(bool IsHit, string? Problem)> RunAsync(int phase, bool isCrash, int call)
    {
        using var machine = make();
        machine.UseManualTime();
        string before = Stores(machine);
        if (phase > 0)
            await machine.RunAsync(machine.SetUpAsync);
        if (phase == 1)
            machine.Options.TcpPort = 4300;
        string standing = Stores(machine);
        int first = machine.Windows.CallCount;
        if (call > 0 && isCrash)
            machine.Windows.CrashAt(call);
        else if (call > 0)
            machine.Windows.FailAt(call, TeredoError.SetupFailed);
        bool isDone = await machine.FailureAsync(phase == 2 ? machine.RemoveAsync : machine.SetUpAsync) is null;
        bool isHit = machine.Windows.CallCount - first >= call;
        machine.Windows.ClearFaults();
        string what = $"{Phases[phase]}, {(isCrash ? "crash" : "refusal")} at call {call}";
        if (!isDone && !isCrash && Stores(machine) is var undone && undone != standing)
            return (isHit, $"{what}: not undone.\n{Difference(standing, undone)}");
        if (isDone && phase < 2)
            await machine.RunAsync(machine.SetUpAsync); // where rules could not be read, the finding says to run it again
        if (machine.Records.Length > 0) // without a record nothing was changed, and a removal would take the older rule, whose origin nobody knows
            await machine.RunAsync(machine.RemoveAsync);
        string after = Stores(machine);
        return (isHit, after == before ? null : $"{what}: not as before the setup.\n{Difference(before, after)}");
    }

    /// <summary>Why nothing can be set up on the machine; null where it can. A refused setup must leave the stores as they were.</summary>
    public async Task<(string? Reason, string? Problem)> FindRefusalAsync()
    {
        using var machine = make();
        machine.UseManualTime();
        string before = Stores(machine);
        string? reason = (await machine.FailureAsync(machine.SetUpAsync))?.Message;
        string after = Stores(machine);
        return (reason, reason is null || after == before ? null : $"the refused setup: not undone.\n{Difference(before, after)}");
    }

    static string Stores(SetupMachine machine) => string.Join('\n', machine.Rules.Select(rule => rule.ToString()).Order(StringComparer.Ordinal)
        .Append(machine.Windows.Teredo.Configuration.ToString())
        .Append(machine.Windows.Teredo.Configuration.Type is TeredoType.Relay or TeredoType.Automatic ? "netsh can't restore this type, which the removal says"
            : $"Persistent {machine.Windows.Teredo.PersistentConfiguration}")
        .Concat(machine.Windows.Services.Select(service => service.ToString()).Order(StringComparer.Ordinal))
        .Concat(machine.Windows.Registry.Select(value => value.ToString()).Order(StringComparer.Ordinal))
        .Concat(machine.Windows.Firewall.OpenPorts.Select(port => port.ToString()).Order(StringComparer.Ordinal)));

    static string Difference(string before, string after)
    {
        string[] then = before.Split('\n'), now = after.Split('\n');
        return string.Join('\n', then.Except(now).Select(line => $"- {line}").Concat(now.Except(then).Select(line => $"+ {line}")));
    }
}
