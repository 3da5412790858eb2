using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Platform.Tests.Setup;

/// <summary>How a change fails.</summary>
public enum Fault
{
    /// <summary>It is refused.</summary>
    Refusal,

    /// <summary>It is made, but said to be refused.</summary>
    LateRefusal,

    /// <summary>The process dies before it.</summary>
    Crash,

    /// <summary>The process dies after it.</summary>
    LateCrash,
}

/// <summary>A machine on which the n-th change of a file or by a program fails. After a crash nothing works any more.</summary>
sealed class FaultyMachine(string root, IReadOnlyList<string> entry, Fault fault, int at) : LinuxMachine(root, entry)
{
    int _changes;

    /// <summary>Whether a change failed.</summary>
    public bool HasFailed => Volatile.Read(ref _changes) >= at;

    public override void WriteFile(string path, string? content) => Fail($"writing {path}", () =>
    {
        base.WriteFile(path, content);
        return Task.CompletedTask;
    }).GetAwaiter().GetResult();

    public override Task ChangeAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        Fail($"{program} {string.Join(' ', arguments)}", () => base.ChangeAsync(program, arguments, cancellationToken));

    async Task Fail(string change, Func<Task> make)
    {
        int number = Interlocked.Increment(ref _changes);
        bool isDead = number > at && fault is (Fault.Crash or Fault.LateCrash), isLate = fault is (Fault.LateRefusal or Fault.LateCrash);
        if (number < at || (number > at && !isDead) || (number == at && isLate))
            await make();
        if (number != at && !isDead)
            return;
        throw new TeredoException(TeredoError.SetupFailed, $"Injected: {change}.");
    }
}
