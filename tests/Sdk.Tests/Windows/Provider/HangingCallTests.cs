using TeredoSdk.Testing;
using TeredoSdk.Tests.Windows.Setup;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>A Windows of which one call hangs: each method ends with its token or after a time, whichever call it is, and none is on the caller's thread.</summary>
public sealed class HangingCallTests
{
    const string Program = @"C:\Chat\Chat.exe";

    static readonly Version Xp = new(5, 1);

    // Two rules are added, one is changed and one removed.
    static readonly FirewallExceptionRequest Before = new() { Name = "Chat", ProgramPath = Program, TcpPort = 80, UdpPort = 80 };
    static readonly FirewallExceptionRequest Wanted = new() { Name = "Chat", ProgramPath = Program, TcpPort = 81, OpenTeredoPort = true };

    static readonly TeredoConfiguration Disabled = new() { Type = TeredoType.Disabled };

    static readonly Dictionary<string, (Func<FakeWindows> Windows, Func<FakeWindows, TimeProvider, CancellationToken, Task> Call)> Methods = new()
    {
        ["Plan"] = (WithRules, (windows, time, token) => Firewall(windows, time).PlanAsync(Wanted, token)),
        ["Ensure"] = (WithRules, (windows, time, token) => Firewall(windows, time).EnsureAsync(Wanted, token)),
        ["Check"] = (WithRules, (windows, time, token) => KnownAsync(Firewall(windows, time).CheckAsync(Wanted, token))),
        ["Check of a program"] = (WithRules, (windows, time, token) => KnownAsync(Firewall(windows, time).CheckAsync(Program, token))),
        ["RemoveOwned"] = (WithRules, (windows, time, token) => Firewall(windows, time).RemoveOwnedAsync("Chat", Program, token)),
        ["Enable"] = (() => new(), EnableAsync),
        ["Enable on XP"] = (() => new(Xp), EnableAsync),
        ["Enable with a stopped service"] = (WithStoppedService, EnableAsync),
        ["Enable by CIM"] = (() => new() { Netsh = { ChangesNothing = true } }, EnableAsync),
        ["Restore"] = (() => new(), (windows, time, token) => new TeredoActivation(windows, time).RestoreAsync(Disabled, token)),
    };

    static IEnumerable<string> Names => Methods.Keys;

    [TestCaseSource(nameof(Names))]
    public async Task Method_CallsNothingOnTheCallersThread(string name)
    {
        var (make, method) = Methods[name];
        var windows = make();
        int caller = Environment.CurrentManagedThreadId, calls = 0;
        bool isBack = false, isOnCallers = false;
        windows.OnCall = _ =>
        {
            calls++;
            isOnCallers |= !isBack && Environment.CurrentManagedThreadId == caller;
        };
        var running = method(windows, new ManualTime(), default);
        isBack = true;
        await running.InTime();
        Assert.That((calls > 0, isOnCallers), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task Method_EndsWithItsTokenOrItsTime_WhicheverCallHangs([ValueSource(nameof(Names))] string name, [Values] bool isGivenUp)
    {
        for (int call = 0; call < await CountAsync(name); call++)
        {
            var (make, method) = Methods[name];
            var windows = make();
            var time = new ManualTime();
            using var gaveUp = new CancellationTokenSource();
            int before = call;
            string stuckAt = "";
            using var stuck = new StuckCall(windows, each =>
            {
                if (Interlocked.Decrement(ref before) != -1)
                    return false;
                stuckAt = each;
                return true;
            });
            var running = method(windows, time, gaveUp.Token);
            await stuck.WhenReachedAsync();
            if (isGivenUp)
            {
                await gaveUp.CancelAsync();
                Assert.CatchAsync<OperationCanceledException>(() => running.InTime(), stuckAt);
                continue;
            }
            while (!running.IsCompleted) // the timer of a call that has just ended may still be armed
            {
                time.AdvanceToTheNextTimer();
                await Task.WhenAny(running, Task.Delay(1));
            }
            Assert.That(Assert.ThrowsAsync<TeredoException>(() => running.InTime(), stuckAt)!.Message, Does.Contain("did not answer"), stuckAt);
        }
    }

    static async Task<int> CountAsync(string name)
    {
        var (make, method) = Methods[name];
        var windows = make();
        int calls = 0;
        windows.OnCall = _ => Interlocked.Increment(ref calls);
        await method(windows, new ManualTime(), default).InTime();
        return calls;
    }

    static TeredoFirewall Firewall(FakeWindows windows, TimeProvider time) => new(windows, time);

    // A check says in its finding what could not be read.
    static async Task KnownAsync(Task<FirewallExceptionCheck> check)
    {
        if (await check is { LetsIn: null, Finding: { } finding })
            throw finding.ToException();
    }

    static Task<TeredoActivationResult> EnableAsync(FakeWindows windows, TimeProvider time, CancellationToken cancellationToken) =>
        new TeredoActivation(windows, time).EnableAsync("teredo.example.net", (_, _) => ValueTask.FromResult(true), cancellationToken);

    static FakeWindows WithRules()
    {
        var windows = new FakeWindows();
        windows.Files[Program] = true;
        new TeredoFirewall(windows).Ensure(Before);
        return windows;
    }

    static FakeWindows WithStoppedService()
    {
        var windows = new FakeWindows();
        windows.Services["iphlpsvc"] = new() { Exists = true, StartType = ServiceStartType.Disabled };
        return windows;
    }
}
